"""Ed25519 verification from docs/format.md section 3.1 and RFC 8032 alone, in whole numbers: slow, and short enough to read."""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
LOW_ORDER_Y = {0, 1, P - 1, P, P + 1, ORDER_8, P - ORDER_8}

Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T of x = X/Z, y = Y/Z, xy = T/Z."""
IDENTITY: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    p, q = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    r, s = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = q - p, s - r, s + r, q + p
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n: int, point: Point) -> Point:
    result = IDENTITY
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decode(encoded: bytes) -> Point | None:
    """The point, or None where the bytes are no canonical encoding of one."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert BASE is not None


def low_order(encoded: bytes) -> bool:
    return int.from_bytes(encoded, "little") & (2**255 - 1) in LOW_ORDER_Y


def safe(public: bytes) -> bool:
    """Step 6: a key that may enter the roster."""
    point = decode(public) if len(public) == 32 and not low_order(public) else None
    return point is not None and same(times(L, point), IDENTITY)


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Steps 1 to 5."""
    if len(public) != 32 or len(signature) != 64:
        return False
    nonce, s = signature[:32], int.from_bytes(signature[32:], "little")
    if low_order(public) or low_order(nonce) or s >= L:
        return False
    a, r = decode(public), decode(nonce)
    if a is None or r is None or BASE is None:
        return False
    k = int.from_bytes(sha512(nonce + public + message).digest(), "little") % L
    return same(times(s, BASE), add(r, times(k, a)))
