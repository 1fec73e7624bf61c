"""Describe, plan and run workflows. The command line starts without what is only needed to describe one."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
