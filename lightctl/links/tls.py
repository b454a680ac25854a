"""TLS for a link: the authority that vouches for the other end, and our own certificate where it wants one."""

from __future__ import annotations

import ssl

from lightctl.domain.errors import LinkDown


class _ClosingSocket(ssl.SSLSocket):
    """A socket that closes when the handshake fails; paho would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the standard library's signature
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(ca_file: str, cert_file: str, key_file: str) -> ssl.SSLContext:
    """Give a verifying context ("" for the system's authorities, no own certificate); raises LinkDown."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if cert_file:
            context.load_cert_chain(cert_file, key_file or None)
    except OSError as error:
        raise LinkDown(f"cannot use the TLS files of this link: {error}") from error
    context.sslsocket_class = _ClosingSocket
    return context
