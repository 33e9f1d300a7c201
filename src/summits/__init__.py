"""The command: plan, execute, compare, refresh and publish the collection."""
