"""The search that all three run: 200 random choices of a two-layer network on digits."""

TRIALS = 200
EPOCHS = 30
BATCH = 64
LEARNING_RATE = (1e-4, 1e-1)
WIDTH = (16, 128)
SHARES = (0.2, 0.2)  # validation, test
