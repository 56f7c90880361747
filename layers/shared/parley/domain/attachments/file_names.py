"""Names of files: made safe to show, to save on any system, and to put into a header."""

import re
import unicodedata
from urllib.parse import quote

MAX_NAME_BYTES = 255  # of UTF-8, as ext4 and APFS allow; so it has at most 255 characters as well (NTFS)
MAX_EXTENSION_BYTES = 20  # a longer one is a part of the name that happens to follow a dot
NAMELESS = "file"

# Extensions of files that some system runs, installs or mounts at a double click, that an office program opens with
# macros or with addresses to fetch, or that a browser opens as a page with scripts.
_RUN = frozenset(
    (
        "apk app appimage appinstaller applescript application appref-ms appx appxbundle bash bat chm cmd com command"
        " cpl crx csh deb deskthemepack desktop diagcab dll dmg docm dotm dqy exe fileloc gadget hlp hta htm html img"
        " inetloc inf ins iqy iso isp jar jnlp job js jse ksh library-ms lnk mht mhtml mobileconfig msc msh msi msix"
        " msixbundle msp mst oqy pif pkg potm ppam ppsm pptm ps1 ps1xml ps2 psc1 psd1 psm1 py pyc pyw pyz pyzw rdp reg"
        " rpm rqy run scf scpt scr sct search-ms searchconnector-ms settingcontent-ms sh shb shtm shtml sldm slk svg"
        " svgz sys terminal theme themepack tool url vb vbe vbs vhd vhdx vsto webloc website wll workflow ws wsb wsc"
        " wsf wsh xbap xht xhtm xhtml xla xlam xll xlsb xlsm xltm xml xpi xsl zsh"
    ).split()
)

# Extensions of images, each with its format.
_IMAGES = {".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".jfif": "jpeg"} | {
    f".{name}": name for name in ("png", "gif", "webp", "heic", "heif")
}

_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # Windows refuses these ("Naming Files, Paths, and Namespaces")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
# Emoji and Persian words need the joiners; every other format character can hide or turn what follows it.
_JOINERS = "\u200c\u200d"
# Fonts draw these as nothing (Unicode, Default_Ignorable_Code_Point) or as a blank (U+2800). Within a name they matter:
# U+FE0F makes an emoji, and the fillers hold Hangul.
_BLANK = re.compile(
    "[ .\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]*"
)
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Windows drops dots and spaces at the end; a leading dot hides a file on Unix.
_EDGES = " ." + _JOINERS
# attr-char of RFC 8187, 3.2.1; letters and digits are never quoted.
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"
# In the quoted-string for old clients: some decode %xx there (RFC 6266, appendix D), and others split at a semicolon.
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 !#$&'()+,.=@\[\]^_`{}~-]")


def safe_name(name: str) -> str:
    """Returns the name that everybody sees: the last segment of a path, in NFC, without characters that mislead.

    It has 1 to 255 bytes of UTF-8 and keeps the extension. A safe name is its own safe name.
    """
    # Line breaks become spaces before control characters go; then spaces meet whose neighbours have gone.
    visible = _spaced("".join(character for character in _spaced(name) if _is_visible(character)))
    segments = [segment for part in _SEPARATORS.split(visible) if (segment := part.strip(_EDGES))]
    plain = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", segments[-1] if segments else ""))
    return _not_reserved(_named(_shortened(plain.strip(_EDGES))))


def with_extension(name: str, extension: str) -> str:
    """Returns a safe name with another extension, such as `.jpg` for a photo that was a `.heic`."""
    stem, _ = _parts(safe_name(name))
    return safe_name(f"{stem}{extension}")


def openable_name(name: str, extension: str) -> str:
    """Returns a safe name that opens as its type: `voice` becomes `voice.webm`, and `run.bat` of a text `run.bat.txt`.

    `extension` is that of the verified type, with its dot. Another extension of the name's own is kept, unless a double
    click would run the file, or both are of images: `photo.png` of a JPEG becomes `photo.jpg`.
    """
    safe = safe_name(name)
    stem, own = _parts(safe)
    shown, verified = (_IMAGES.get(each.lower()) for each in (own, extension))
    if shown and verified and shown != verified:
        return safe_name(stem + extension)
    return safe_name(safe + extension) if _read(own) in _RUN | {""} else safe


def content_disposition(name: str, *, inline: bool) -> str:
    """Returns the header's value: ASCII for old clients, and the Unicode name (RFC 6266, RFC 8187).

    Nothing in a name can end the value or begin another header.
    """
    safe = safe_name(name)
    decomposed = unicodedata.normalize("NFKD", safe)
    ascii_only = "".join(character for character in decomposed if not unicodedata.combining(character))
    plain = _NOT_PLAIN.sub("_", ascii_only)
    unicode = quote(safe, safe=_ATTRIBUTE_CHARACTERS)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{unicode}"


def _read(extension: str) -> str:
    """Returns an extension, without its dot, as systems and old clients may read it: `jſ` is `js`."""
    decomposed = unicodedata.normalize("NFKD", extension.casefold())
    seen = "".join(each for each in decomposed if not _BLANK.fullmatch(each) or each in " .")
    plain = "".join(each for each in seen if unicodedata.category(each)[0] not in "MC")
    return plain.casefold().rstrip(" .").rpartition(".")[2]


def _spaced(name: str) -> str:
    return _SPACES.sub(" ", name)


def _is_visible(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _UNSEEN


def _parts(name: str) -> tuple[str, str]:
    """Returns the stem and the extension with its dot, which is empty if there is none."""
    stem, dot, last = name.rpartition(".")
    if not stem or " " in last or len(last.encode()) > MAX_EXTENSION_BYTES:
        return name, ""
    return stem, dot + last


def _shortened(name: str) -> str:
    stem, extension = _parts(name)
    mark = 0 if name.startswith("_") else 1  # the underscore that a reserved name gets
    room = MAX_NAME_BYTES - mark - len(extension.encode())
    if len(stem.encode()) <= room:
        return name
    return stem.encode()[:room].decode(errors="ignore").rstrip(_EDGES) + extension


def _named(name: str) -> str:
    """Returns the name, with `file` in place of a stem in which there is nothing to see."""
    stem, extension = _parts(name)
    if not _BLANK.fullmatch(stem):
        return name
    return NAMELESS if _BLANK.fullmatch(extension) else NAMELESS + extension


def _not_reserved(name: str) -> str:
    """Returns the name with an underscore before a name of a device: Windows opens `nul.txt` as the device."""
    device = name.partition(".")[0].rstrip()
    return f"_{name}" if _RESERVED.fullmatch(device) else name
