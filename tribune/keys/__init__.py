"""Keys of the roles that a process plays, and its Discord token: where they are read and how they sign.

A key comes from a keystore file with a secret file or a prompt, from an environment variable (for
containers), or stays where it is, behind a signer that is handed digests (KMS, hardware). Refuses a file that
everybody on the machine can read. What is read here is registered with the log's redaction before it is used,
and is in no error, `repr` or argument list.
"""

from tribune.keys.keystore import new_keystore, new_secret_file
from tribune.keys.signer import DigestSigner, SignerAccount, SigningAccount, prove
from tribune.keys.sources import discord_token, load_account

__all__ = [
    "DigestSigner",
    "SignerAccount",
    "SigningAccount",
    "discord_token",
    "load_account",
    "new_keystore",
    "new_secret_file",
    "prove",
]
