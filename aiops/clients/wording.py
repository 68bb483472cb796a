"""How a failure of the network is worded: on one line, without the wrapping of the libraries."""

import re
import ssl

LONGEST_MESSAGE = 300


def one_line(text: str) -> str:
    """The text on one line of at most `LONGEST_MESSAGE` characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 3]}..."


def masked(text: str) -> str:
    """The text without user and password of URLs, odd characters in them included."""
    return re.sub(r"://\S*@", "://***@", text)


def without(credential: str, text: str) -> str:
    """The text without a credential (`Bearer x`, or x alone): some proxies quote the header they do not like."""
    secret = credential.rpartition(" ")[2].strip()
    return text.replace(secret, "***") if secret else text


def reason(error: BaseException) -> str:
    """The innermost words of a urllib3 error: `Connection refused`, not three layers of wrapping."""
    import urllib3

    if isinstance(error, urllib3.exceptions.TimeoutError):
        if not isinstance(error, urllib3.exceptions.ConnectTimeoutError):
            return "no answer in time"
        if not isinstance(error, urllib3.exceptions.NewConnectionError):  # refused is, oddly, one of its subclasses
            return "no connection in time"
    innermost = _innermost(error)
    if isinstance(innermost, OSError) and innermost.strerror:
        return one_line(innermost.strerror)
    return one_line(str(innermost)) or type(innermost).__name__


def distrusts(error: BaseException) -> bool:
    """Whether it is the server's certificate that was not accepted."""
    return isinstance(_innermost(error), ssl.SSLCertVerificationError)


def _innermost(error: BaseException) -> BaseException:
    """Followed through the three ways in which urllib3 wraps one error in another."""
    wrapped = (error.__cause__, getattr(error, "reason", None), *error.args[-1:])
    deeper = next((each for each in wrapped if isinstance(each, BaseException)), None)
    return _innermost(deeper) if deeper else error
