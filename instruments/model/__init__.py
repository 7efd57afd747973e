"""A model of what must never happen, over facts and states together: random events, and checks after each of them."""
