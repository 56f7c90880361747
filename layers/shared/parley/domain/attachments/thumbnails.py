"""The size of thumbnails."""

THUMBNAIL_SIDE = 320


def thumbnail_size(width: int, height: int) -> tuple[int, int]:
    """Returns the width and height of the thumbnail of a picture, at most `THUMBNAIL_SIDE` each."""
    if max(width, height) <= THUMBNAIL_SIDE:
        return width, height
    scale = THUMBNAIL_SIDE / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))
