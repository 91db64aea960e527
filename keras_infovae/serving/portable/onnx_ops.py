"""TensorFlow's ops that tf2onnx does not know, made of ONNX's. Importing it registers them."""

import numpy as np
import onnx
from tf2onnx import utils
from tf2onnx.handler import tf_op


class _Replacement:
    """Replaces a node by what `compute(make, *inputs)` makes of its inputs.

    `make(op, *inputs, **attributes)` makes an ONNX node and returns its output; numbers among the
    inputs become constants of the output's type.
    """

    @classmethod
    def version_9(cls, ctx, node, **_):
        dtype, shape = ctx.get_dtype(node.output[0]), ctx.get_shape(node.output[0])

        def make(op, *inputs, **attributes):
            names = [constant(x) if isinstance(x, (int, float)) else x for x in inputs]
            return ctx.make_node(op, names, attr=attributes).output[0]

        def constant(number):
            value = np.array(number, utils.map_onnx_to_numpy_type(dtype))
            return ctx.make_const(utils.make_name("number"), value).output[0]

        inputs, output = node.input, node.output
        ctx.remove_node(node.name)
        result = cls.compute(make, *inputs)
        attributes = {"to": dtype}
        ctx.make_node("Cast", [result], attributes, outputs=output, shapes=[shape], dtypes=[dtype])


@tf_op("Log1p")
class Log1p(_Replacement):
    """log(1 + x), exact for small x too: what rounding adds to 1 + x is divided out again.

    With u = 1 + x rounded, log(u) x / (u - 1), and x where u is 1 (Kahan).
    """

    @staticmethod
    def compute(make, x):
        u = make("Add", x, 1)
        is_one = make("Equal", u, 1)
        added = make("Where", is_one, 1, make("Sub", u, 1))
        return make("Where", is_one, x, make("Div", make("Mul", make("Log", u), x), added))


@tf_op("Expm1")
class Expm1(_Replacement):
    """exp(x) - 1 = tanh(x / 2) (exp(x) + 1), in which nothing is lost for small x."""

    @staticmethod
    def compute(make, x):
        return make("Mul", make("Tanh", make("Mul", x, 0.5)), make("Add", make("Exp", x), 1))


@tf_op("Erfc")
class Erfc(_Replacement):
    """1 - erf(x), of which GELU is made; exact to rounding of 1, not of its own small values."""

    @staticmethod
    def compute(make, x):
        return make("Add", make("Neg", make("Erf", x)), 1)


@tf_op("BroadcastArgs")
class BroadcastArgs(_Replacement):
    """The shape that two shapes broadcast to: that of an array of the one expanded to the other."""

    @staticmethod
    def compute(make, *shapes):
        first, second = (make("Cast", shape, to=onnx.TensorProto.INT64) for shape in shapes)
        return make("Shape", make("Expand", make("ConstantOfShape", first), second))
