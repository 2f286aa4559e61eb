"""Losses that Keras lacks."""

from kzoo.losses.adversarial import HingeGAN, Wasserstein
from kzoo.losses.asymmetric import Asymmetric, AsymmetricSingleLabel
from kzoo.losses.bi_tempered import BiTempered
from kzoo.losses.boxes import CIoU, DIoU, GIoU, IoU
from kzoo.losses.boxes_newer import AlphaIoU, EIoU, SIoU
from kzoo.losses.cl_dice import ClDice
from kzoo.losses.cross_entropy import CrossEntropy
from kzoo.losses.ctc import CTC
from kzoo.losses.depth import BerHu
from kzoo.losses.depth_maps import DepthGradient, ScaleShiftInvariant, SiLog
from kzoo.losses.depth_mixture import DepthMixture
from kzoo.losses.dice_ce import DiceCE
from kzoo.losses.distillation import Distillation
from kzoo.losses.elementwise import L1, L2
from kzoo.losses.focal import Focal, SigmoidFocal
from kzoo.losses.gaussian import GaussianNLL
from kzoo.losses.generalized_dice import GeneralizedDice
from kzoo.losses.hausdorff import HausdorffDT
from kzoo.losses.jensen_shannon import JSD, JensenShannon
from kzoo.losses.long_tail import LDAM, DistributionBalanced
from kzoo.losses.lovasz import LovaszHinge, LovaszSoftmax
from kzoo.losses.margins import HingeEmbedding, MarginRanking, MultilabelMargin, MultiMargin, SoftMargin
from kzoo.losses.mcc import MCC
from kzoo.losses.multi_label import ZLPR, TwoWay
from kzoo.losses.ordinal import Coral, Corn, WeightedKappa
from kzoo.losses.overlap import Dice, FocalTversky, Jaccard, Tversky
from kzoo.losses.pairs import Contrastive, LiftedStructure, NPairs
from kzoo.losses.pinball import Pinball
from kzoo.losses.poisson import PoissonNLL
from kzoo.losses.poly import BinaryPoly, Poly
from kzoo.losses.regression import SmoothL1
from kzoo.losses.robust import Cauchy, Charbonnier, GemanMcClure, Welsch
from kzoo.losses.robust_classes import GeneralizedCE, SymmetricCE
from kzoo.losses.self_supervised import BarlowTwins, NTXent, SupCon, VICReg
from kzoo.losses.similarities import Circle, MultiSimilarity
from kzoo.losses.smoothness import EdgeAwareSmoothness
from kzoo.losses.sparsemax import Sparsemax
from kzoo.losses.ssim import MSSSIM, SSIM
from kzoo.losses.triplets import TripletAll, TripletHard, TripletSemiHard
from kzoo.losses.weighted_sum import WeightedSum
from kzoo.losses.wing import AdaptiveWing, Wing

__all__ = [
    "CTC",
    "JSD",
    "L1",
    "L2",
    "LDAM",
    "MCC",
    "MSSSIM",
    "SSIM",
    "ZLPR",
    "AdaptiveWing",
    "AlphaIoU",
    "Asymmetric",
    "AsymmetricSingleLabel",
    "BarlowTwins",
    "BerHu",
    "BiTempered",
    "BinaryPoly",
    "CIoU",
    "Cauchy",
    "Charbonnier",
    "Circle",
    "ClDice",
    "Contrastive",
    "Coral",
    "Corn",
    "CrossEntropy",
    "DIoU",
    "DepthGradient",
    "DepthMixture",
    "Dice",
    "DiceCE",
    "Distillation",
    "DistributionBalanced",
    "EIoU",
    "EdgeAwareSmoothness",
    "Focal",
    "FocalTversky",
    "GIoU",
    "GaussianNLL",
    "GemanMcClure",
    "GeneralizedCE",
    "GeneralizedDice",
    "HausdorffDT",
    "HingeEmbedding",
    "HingeGAN",
    "IoU",
    "Jaccard",
    "JensenShannon",
    "LiftedStructure",
    "LovaszHinge",
    "LovaszSoftmax",
    "MarginRanking",
    "MultiMargin",
    "MultiSimilarity",
    "MultilabelMargin",
    "NPairs",
    "NTXent",
    "Pinball",
    "PoissonNLL",
    "Poly",
    "SIoU",
    "ScaleShiftInvariant",
    "SiLog",
    "SigmoidFocal",
    "SmoothL1",
    "SoftMargin",
    "Sparsemax",
    "SupCon",
    "SymmetricCE",
    "TripletAll",
    "TripletHard",
    "TripletSemiHard",
    "Tversky",
    "TwoWay",
    "VICReg",
    "Wasserstein",
    "WeightedKappa",
    "WeightedSum",
    "Welsch",
    "Wing",
]
