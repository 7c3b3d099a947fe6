// A receiver of webhooks as a process of its own, with a ledger on disk.
