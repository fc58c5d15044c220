"""The files under `assets/` that the package makes for the book; their functions are in a module for each part."""

from superposition.book.assets.registry import ASSETS, Asset, AssetError, files, made, refresh, status

__all__ = ["ASSETS", "Asset", "AssetError", "files", "made", "refresh", "status"]
