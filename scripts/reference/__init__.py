"""The contract reference: what our Solidity says of itself, as pages."""
