"""From the ledger to numbers."""
