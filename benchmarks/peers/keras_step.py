"""Images a second of the S3 project's network in Keras on TensorFlow, 96×128, batch 32; prints one JSON line."""

import json
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

BATCH, HEIGHT, WIDTH, CLASSES, ROUNDS, SECONDS = 32, 96, 128, 23, 5, 2.0


def block(features: object, width: int, dropout: float = 0.0) -> object:
    """Two convolutions, and dropout where the original has it."""
    for _ in range(2):
        features = layers.Conv2D(width, 3, padding="same", activation="relu", kernel_initializer="he_normal")(features)
    return layers.Dropout(dropout)(features) if dropout else features


image = layers.Input((HEIGHT, WIDTH, 3))
features, skips = image, []
for level, width in enumerate((32, 64, 128, 256)):
    skips.append(block(features, width, 0.3 if level == 3 else 0.0))
    features = layers.MaxPooling2D()(skips[-1])
features = block(features, 512, 0.3)
for width, skip in zip((256, 128, 64, 32), reversed(skips), strict=True):
    features = layers.Conv2DTranspose(width, 3, strides=2, padding="same")(features)
    features = block(layers.concatenate([features, skip]), width)
features = layers.Conv2D(32, 3, padding="same", activation="relu", kernel_initializer="he_normal")(features)
model = keras.Model(image, layers.Conv2D(CLASSES, 1, padding="same")(features))
assert model.count_params() == 8_640_471
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

random = np.random.default_rng(0)
images = tf.constant(random.random((BATCH, HEIGHT, WIDTH, 3), np.float32))
masks = tf.constant(random.integers(0, CLASSES, (BATCH, HEIGHT, WIDTH, 1)))
model.train_on_batch(images, masks)
best = 0.0
for _ in range(ROUNDS):
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        model.train_on_batch(images, masks)
        count += 1
    best = max(best, count * BATCH / (time.perf_counter() - started))
print(json.dumps({"tool": f"Keras {keras.__version__}", "preset": "carla", "images_per_second": best}))
