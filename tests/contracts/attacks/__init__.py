"""What an attacker may try, across contracts; each test is an attempt and how it ends."""
