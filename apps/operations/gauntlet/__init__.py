"""The gauntlet: a portal of its own, on a scratch database with production's durability, is killed, fuzzed and loaded."""
