"""feeds.yaml → Site, Polling, Source, Topic; every fault with its line."""
