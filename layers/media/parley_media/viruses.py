"""The test file of virus scanners. Real viruses are for GuardDuty, or another scanner that a deployment adds."""

# In two parts, so that no virus scanner takes this module for the test file (eicar.org, "Anti Malware Testfile").
_EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def is_infected(body: bytes) -> bool:
    """Says whether the EICAR test string is anywhere in the file."""
    return _EICAR in body
