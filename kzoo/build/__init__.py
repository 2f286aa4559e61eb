"""Recipe sections to dataset, model, compile and fit arguments. From here upward there is Keras."""
