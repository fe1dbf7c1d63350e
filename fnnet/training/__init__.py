"""Training: steps, optimizers, schedules, dropout, early stopping, and the fold over epochs."""
