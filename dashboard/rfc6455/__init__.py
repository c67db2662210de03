"""WebSocket frames, permessage-deflate and close codes (RFC 6455, RFC 7692). No I/O."""
