"""The load generator and the measuring instruments of `bench_chat`. They talk to the portal as any client would."""
