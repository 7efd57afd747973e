"""A model of what must never be, over facts and states together: random events, and what holds after each of them."""
