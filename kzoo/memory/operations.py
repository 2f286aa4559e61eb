"""What the operations of a TensorFlow graph mean for memory."""

from __future__ import annotations

import enum


class Sort(enum.Enum):
    """How an operation deals with its operands and its result."""

    NOTHING = "a size, a constant, a handle: no memory to speak of"
    ALIAS = "the operand under another name or shape"
    POINTWISE = "computed number by number where it is needed, from operands that needn't lie in memory"
    REDUCE = "the same, but its result is read again and again, and lies in memory"
    WRITE = "put in the place of a variable"
    KERNEL = "a call that reads its operands from memory and writes its results there"


_NOTHING = """Const Shape ShapeN Size Rank Range VarHandleOp VarIsInitializedOp NoOp BroadcastGradientArgs Assert
Placeholder VariableShape InvertPermutation ConcatOffset"""
_ALIAS = """Identity IdentityN Reshape Squeeze ExpandDims StopGradient PreventGradient CheckNumerics EnsureShape
Snapshot ReadVariableOp PlaceholderWithDefault"""
_REDUCE = "Sum Mean Max Min Prod All Any ArgMax ArgMin BiasAddGrad L2Loss EuclideanNorm"
_WRITE = "AssignVariableOp AssignAddVariableOp AssignSubVariableOp"
# Moved or widened, number by number.
_MOVED = """Transpose Pad PadV2 MirrorPad Slice StridedSlice ConcatV2 Pack Unpack Split SplitV Tile BroadcastTo
ReverseV2 OneHot Fill ZerosLike OnesLike StridedSliceGrad MatrixDiagV3 MatrixDiagPartV3 MatrixBandPart
Select SelectV2 Roll"""
# Whatever else gives a result of its operands' shape is pointwise; these do too, or may, but aren't.
_KERNEL = """MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum Conv2D Conv3D Conv2DBackpropInput
Conv2DBackpropFilter Conv3DBackpropInputV2 Conv3DBackpropFilterV2 DepthwiseConv2dNative
DepthwiseConv2dNativeBackpropInput
DepthwiseConv2dNativeBackpropFilter MaxPool MaxPoolV2 MaxPool3D MaxPoolGrad MaxPoolGradV2 MaxPool3DGrad
AvgPool AvgPool3D AvgPoolGrad AvgPool3DGrad Softmax LogSoftmax Cumsum Cumprod TopKV2 GatherNd
ScatterNd TensorScatterUpdate TensorScatterAdd UnsortedSegmentSum UnsortedSegmentMax SegmentSum SegmentMean
Qr Svd Cholesky CholeskyGrad MatrixInverse MatrixSolve MatrixTriangularSolve SelfAdjointEigV2 FFT FFT2D IFFT
IFFT2D RFFT IRFFT RFFT2D IRFFT2D StatelessRandomUniformV2 StatelessRandomNormalV2 StatelessTruncatedNormalV2
StatelessRandomUniformIntV2 StatelessRandomUniformFullIntV2 RandomUniform RandomStandardNormal
TruncatedNormal MatrixDeterminant While StatelessWhile If StatelessIf PartitionedCall
StatefulPartitionedCall Case CTCLossV2 Bincount DenseBincount LRN LRNGrad ResizeBilinear ResizeBilinearGrad
ResizeNearestNeighbor ResizeNearestNeighborGrad ResizeBicubic DynamicStitch DynamicPartition Unique UniqueV2
Where SearchSorted Multinomial StatelessMultinomial"""
# What costs more to compute again than to keep: it is computed once, however many ask for it.
_COSTLY = """Exp Expm1 Log Log1p Pow Sqrt Rsqrt Tanh Sigmoid Softplus Erf Erfc Erfinv Sin Cos Tan Asin Acos Atan Atan2
Sinh Cosh Asinh Acosh Atanh RealDiv Div DivNoNan Xdivy Xlogy FloorMod Lgamma Digamma Elu Selu Softsign
TanhGrad SigmoidGrad RsqrtGrad SqrtGrad Reciprocal ReciprocalGrad Inv Igamma SoftplusGrad EluGrad SeluGrad"""

_SORTS = {
    name: sort
    for sort, names in {
        Sort.NOTHING: _NOTHING,
        Sort.ALIAS: _ALIAS,
        Sort.REDUCE: _REDUCE,
        Sort.WRITE: _WRITE,
        Sort.POINTWISE: _MOVED,
        Sort.KERNEL: _KERNEL,
    }.items()
    for name in names.split()
}
COSTLY = frozenset(_COSTLY.split())


def sort_of(name: str, same_size: bool) -> Sort:
    """What an operation is.

    Args:
        name: TensorFlow's name of it.
        same_size: Whether its one result is as big as the largest operand.

    >>> sort_of("AddV2", True).name, sort_of("Conv2D", True).name, sort_of("UnheardOf", False).name
    ('POINTWISE', 'KERNEL', 'KERNEL')
    """
    if name.startswith("Resource"):
        return Sort.KERNEL if "Gather" in name else Sort.WRITE
    return _SORTS.get(name) or (Sort.POINTWISE if same_size else Sort.KERNEL)
