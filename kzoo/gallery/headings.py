"""What the kinds of parts are called on the pages, and what each is."""

from __future__ import annotations

HEADINGS = {
    "activation": ("Activations", "Functions between layers, each drawn with its derivative."),
    "layer": ("Layers", "What models are built of: Keras's layers and those that it lacks."),
    "loss": ("Losses", "What training makes small."),
    "optimizer": ("Optimizers", "How weights are changed to make it small."),
    "schedule": ("Schedules", "How the learning rate goes over a training, each drawn."),
    "initializer": ("Initializers", "What weights are before the first step."),
    "regularizer": ("Regularizers", "Penalties on weights, added to the loss."),
    "constraint": ("Constraints", "What weights are held to after each step."),
    "metric": ("Metrics", "What is measured beside the loss."),
    "callback": ("Callbacks", "What happens along the way of a training."),
    "augmentation": ("Augmentations", "What is done to pictures of each training batch."),
    "model": ("Models", "Whole networks by name, with their sizes and where weights come from."),
    "dataset": ("Datasets", "Data by name, embedded or from files of yours."),
}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
