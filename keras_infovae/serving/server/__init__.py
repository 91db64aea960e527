"""A local server of exported models, for development; production runs TensorFlow Serving itself.

Keras is not there in its process, so that nothing here may import from a folder that needs it.
"""
