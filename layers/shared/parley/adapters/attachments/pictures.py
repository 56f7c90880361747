"""The pictures of previews: uploads of ours for the scanner, and small clean copies, one for each message."""

from botocore.exceptions import ClientError

from parley.adapters import s3_errors
from parley.adapters.attachments import files, quarantine
from parley.adapters.dynamodb import clients
from parley.domain.previews.pictures import Place, key


def upload(place: Place, body: bytes, content_type: str) -> None:
    """Gives a picture to the scanner; one round trip."""
    clients.s3().put_object(Bucket=quarantine.bucket(), Key=place.key, Body=body, ContentType=content_type)


def put_picture(place: Place, body: bytes, content_type: str) -> None:
    """Writes the small copy of a picture that was found clean; one round trip."""
    clients.s3().put_object(Bucket=files.bucket(), Key=place.key, Body=body, ContentType=content_type)


def copy(source_key: str, place: Place) -> bool:
    """Gives a message the picture of another one; False if that is gone. One round trip."""
    bucket = files.bucket()
    try:
        clients.s3().copy_object(Bucket=bucket, Key=place.key, CopySource={"Bucket": bucket, "Key": source_key})
    except ClientError as error:
        if s3_errors.is_missing(error):
            return False
        raise
    return True


def delete(conversation_id: str, seq: int, picture_id: str) -> None:
    """Deletes the picture of a message; does nothing if it does not exist. One round trip."""
    clients.s3().delete_object(Bucket=files.bucket(), Key=key(conversation_id, seq, picture_id))
