"""Models: functions that return a `keras.Model` whose outputs are logits, or embeddings."""

from kzoo.models.alexnet import alexnet
from kzoo.models.convmixer import convmixer
from kzoo.models.convnext import convnext
from kzoo.models.darknet import darknet
from kzoo.models.densenet import densenet
from kzoo.models.densenet_cifar import densenet_cifar
from kzoo.models.efficientnet import efficientnet
from kzoo.models.ghostnet import ghostnet
from kzoo.models.inception import googlenet, inception_v3
from kzoo.models.lenet5 import lenet5
from kzoo.models.metric_learner import MetricLearner, metric_learner
from kzoo.models.mixer import mixer
from kzoo.models.mlp import mlp
from kzoo.models.mnist_cnn import mnist_cnn
from kzoo.models.mobilenet import mobilenet, mobilenetv3
from kzoo.models.mobilevit import mobilevit
from kzoo.models.nf_resnet import nf_resnet
from kzoo.models.nin import nin
from kzoo.models.poolformer import poolformer
from kzoo.models.preresnet_cifar import preresnet_cifar
from kzoo.models.regnet import regnet
from kzoo.models.rep_vgg import mobile_one, rep_vgg
from kzoo.models.res2net import res2net
from kzoo.models.resnest import resnest
from kzoo.models.resnet import resnet
from kzoo.models.resnet_cifar import resnet_cifar
from kzoo.models.resnet_v2 import resnet_v2
from kzoo.models.shufflenet import shufflenet_v2
from kzoo.models.skresnet import skresnet
from kzoo.models.softmax_regression import softmax_regression
from kzoo.models.squeezenet import squeezenet
from kzoo.models.swin import swin
from kzoo.models.swin_v2 import swin_v2
from kzoo.models.vgg import vgg
from kzoo.models.vision_transformer import vision_transformer
from kzoo.models.weights import load_weights, save_weights
from kzoo.models.wide_resnet import wide_resnet
from kzoo.models.xception import xception

__all__ = [
    "MetricLearner",
    "alexnet",
    "convmixer",
    "convnext",
    "darknet",
    "densenet",
    "densenet_cifar",
    "efficientnet",
    "ghostnet",
    "googlenet",
    "inception_v3",
    "lenet5",
    "load_weights",
    "metric_learner",
    "mixer",
    "mlp",
    "mnist_cnn",
    "mobile_one",
    "mobilenet",
    "mobilenetv3",
    "mobilevit",
    "nf_resnet",
    "nin",
    "poolformer",
    "preresnet_cifar",
    "regnet",
    "rep_vgg",
    "res2net",
    "resnest",
    "resnet",
    "resnet_cifar",
    "resnet_v2",
    "save_weights",
    "shufflenet_v2",
    "skresnet",
    "softmax_regression",
    "squeezenet",
    "swin",
    "swin_v2",
    "vgg",
    "vision_transformer",
    "wide_resnet",
    "xception",
]
