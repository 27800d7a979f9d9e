"""What is said in the channels, by channel; see `script` for how it is written down."""

from . import boramae, bundang, gangnam, network, privately, seoul, technical, uae, yangpyeong

TALK: dict[str, str] = {
    **seoul.TALK,
    **boramae.TALK,
    **bundang.TALK,
    **gangnam.TALK,
    **yangpyeong.TALK,
    **uae.TALK,
    **technical.TALK,
    **network.TALK,
    **privately.TALK,
}
