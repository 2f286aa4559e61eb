"""References of models of pictures: what timm's, filled with weights made of their names, gave. One line a family."""

from __future__ import annotations

from ..golden import Golden

_FAMILIES = {
    "zoo_alexnet": "alexnet",
    "zoo_cifar": (
        "resnet20 resnet32 resnet44 resnet56 resnet110 resnet164bn preresnet20 preresnet110 preresnet164bn "
        "wrn16_4 wrn40_4 wrn28_10 densenet40_k12 densenet100_k12 densenet100_k12_bc nin"
    ),
    "zoo_convmixer": "convmixer_768_32 convmixer_1024_20_ks9_p14",
    "zoo_convnext": (
        "convnext_atto convnext_tiny convnextv2_atto test_convnext convnext_femto convnext_pico "
        "convnext_nano convnext_small convnext_base convnextv2_femto convnextv2_pico convnextv2_nano "
        "convnextv2_tiny convnextv2_base"
    ),
    "zoo_densenet": "densenet121 densenet161 densenet169 densenet201",
    "zoo_efficientnet": (
        "efficientnet_b0 tf_efficientnet_b0 efficientnet_lite0 tf_efficientnet_lite0 "
        "tf_efficientnetv2_b0 test_efficientnet efficientnet_b1 efficientnet_b2 efficientnet_b3 "
        "efficientnet_b4 tf_efficientnet_b1 tf_efficientnet_b2 tf_efficientnet_b3 tf_efficientnet_b4 "
        "tf_efficientnet_lite1 tf_efficientnet_lite2 tf_efficientnet_lite3 tf_efficientnet_lite4 "
        "tf_efficientnetv2_b1 tf_efficientnetv2_b2 tf_efficientnetv2_b3 tf_efficientnetv2_s"
    ),
    "zoo_ghostnet": "ghostnet_100",
    "zoo_mixer": (
        "mixer_s32_224 gmlp_s16_224 resmlp_12_224 mixer_s16_224 mixer_b32_224 mixer_b16_224 "
        "gmlp_ti16_224 gmlp_b16_224 resmlp_24_224 resmlp_36_224"
    ),
    "zoo_mobilenet": (
        "mobilenetv1_100 mobilenetv2_100 mnasnet_100 mobilenetv3_small_100 mobilenetv3_large_100 "
        "mobilenetv4_conv_small mobilenetv1_125 mobilenetv2_050 mobilenetv2_110d mobilenetv2_120d "
        "mobilenetv2_140 mnasnet_small semnasnet_075 semnasnet_100 mobilenetv3_small_050 "
        "mobilenetv3_small_075 mobilenetv3_large_150d tf_mobilenetv3_small_075 "
        "tf_mobilenetv3_small_100 tf_mobilenetv3_small_minimal_100 tf_mobilenetv3_large_075 "
        "tf_mobilenetv3_large_100 tf_mobilenetv3_large_minimal_100 mobilenetv4_conv_small_050 "
        "mobilenetv4_conv_medium mobilenetv4_conv_large"
    ),
    "zoo_regnet": (
        "regnetx_002 regnety_002 regnetx_004 regnetx_006 regnetx_008 regnetx_016 regnety_004 "
        "regnety_006 regnety_008 regnety_016 regnety_032"
    ),
    "zoo_rep_vgg": "repvgg_a0 mobileone_s0 repvgg_a1 repvgg_a2 repvgg_b0 mobileone_s1 mobileone_s2",
    "zoo_darknet": "darknet53 darknet17 darknet21",
    "zoo_inception": "googlenet inception_v3",
    "zoo_mobilevit": "mobilevit_xxs mobilevit_xs mobilevit_s",
    "zoo_nf_resnet": "nf_resnet50 nf_resnet26 nf_resnet101 nf_seresnet26 nf_seresnet50 nf_ecaresnet26 nf_ecaresnet50",
    "zoo_shufflenet": "shufflenet_v2_x1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_5 shufflenet_v2_x2_0",
    "zoo_squeezenet": "squeezenet1_0 squeezenet1_1",
    "zoo_xception": "legacy_xception",
    "zoo_resnet": (
        "resnet18 resnet34 resnet50 resnet101 resnet50d seresnet50 resnext50_32x4d wide_resnet50_2 resnetrs50 "
        "ecaresnet26t test_resnet resnet18d resnet26 resnet26d resnet34d resnet101d resnet152 resnext101_32x8d"
    ),
    "zoo_resnet_relatives": (
        "res2net50_26w_4s res2next50 skresnet18 skresnext50_32x4d resnest14d resnest50d_4s2x40d res2net50_14w_8s "
        "res2net50_26w_6s res2net50_26w_8s res2net50_48w_2s res2net50d res2net101_26w_4s res2net101d skresnet34 "
        "resnest26d resnest50d"
    ),
    "zoo_resnet_v2": "resnetv2_50 resnetv2_18 resnetv2_18d resnetv2_34 resnetv2_34d resnetv2_101",
    "zoo_swin": (
        "swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 swin_small_patch4_window7_224 "
        "swin_base_patch4_window7_224 swin_base_patch4_window12_384 swin_s3_tiny_224 "
        "swin_s3_small_224 swin_s3_base_224 swinv2_tiny_window16_256 swinv2_small_window8_256 "
        "swinv2_small_window16_256 swinv2_base_window8_256 swinv2_base_window16_256 "
        "swinv2_base_window12to16_192to256"
    ),
    "zoo_vgg": "vgg11 vgg16_bn vgg11_bn vgg13 vgg13_bn vgg16 vgg19 vgg19_bn",
    "zoo_vit": (
        "test_vit test_vit2 vit_tiny_patch16_224 vit_small_patch16_224 deit_tiny_patch16_224 "
        "deit_tiny_distilled_patch16_224 deit3_small_patch16_224 vit_tiny_patch16_384 "
        "vit_small_patch8_224 vit_small_patch16_384 vit_small_patch32_224 vit_small_patch32_384 "
        "vit_base_patch8_224 vit_base_patch16_224 vit_base_patch16_384 vit_base_patch32_224 "
        "vit_base_patch32_384 vit_wee_patch16_reg1_gap_256 vit_little_patch16_reg4_gap_256 "
        "vit_medium_patch16_reg4_gap_256 deit_small_patch16_224 deit_base_patch16_224 "
        "deit_base_patch16_384 deit_small_distilled_patch16_224 deit_base_distilled_patch16_224 "
        "deit_base_distilled_patch16_384 deit3_small_patch16_384 deit3_medium_patch16_224 "
        "deit3_base_patch16_224 deit3_base_patch16_384"
    ),
    "zoo_poolformer": ("poolformer_s12 poolformer_s24 poolformer_s36 poolformer_m36 poolformer_m48"),
}

ZOO = {name: Golden(file) for file, names in _FAMILIES.items() for name in names.split()}


def is_a_relative(name: str) -> bool:
    """Whether a model differs from another one by its sizes alone: it is compared at one size, on TensorFlow only."""
    return name in ZOO and len(ZOO[name].cases(name)) == 1
