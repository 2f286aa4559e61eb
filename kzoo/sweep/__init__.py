"""Sweeps: one recipe trained with many settings, by several processes, on several machines if need be."""
