#!/usr/bin/env python3
"""Reads millwatt records and receipts with nothing but docs/record-format.md and Python's standard library.

    verify_record.py [--texts TEXTS.json] FILE...

Prints one line of JSON a file: what it is, its header hash, whether signature and part hashes hold, and the readings.
Exit code 0 when every file holds, 1 when one does not.

Parts are zstd frames. Python 3.14 unfolds them itself (compression.zstd), older ones with the package `zstandard`;
without either, `--texts` names a JSON object from a part's SHA-256 (as in the header) to its text, unfolded elsewhere,
and without that the parts are proven by their hash only.

This shares no code with millwatt, on purpose: Ed25519 is written out from RFC 8032, section 5.1.
"""

import base64
import hashlib
import json
import struct
import sys
from decimal import Decimal

# Ed25519 (RFC 8032, 5.1), verification only.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def add(a, b):
    """Adds two points in extended coordinates (5.1.4)."""
    left = (a[1] - a[0]) * (b[1] - b[0]) % P
    right = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decompress(data):
    """The point of 32 bytes (5.1.3), or None."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_holds(public_key, message, signature):
    key, r = decompress(public_key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(k, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unfold(frame):
    """The text of a part, or None where this Python cannot unfold zstd."""
    try:
        from compression import zstd

        return zstd.decompress(frame).decode("utf-8")
    except ImportError:
        pass
    try:
        import zstandard

        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=2**20).decode("utf-8")
    except ImportError:
        return None


def decode_times(differences):
    times, time = [], 0
    for difference in differences:
        time += difference
        times.append(time)
    return times


def decode_column(column):
    """Readings as exact decimals: sums of differences times ten to the e, or the decimals as they stand."""
    if "d" not in column:
        return [None if entry is None else Decimal(str(entry)) for entry in column["v"]]
    readings, whole = [], 0
    for difference in column["d"]:
        if difference is None:
            readings.append(None)
        else:
            whole += int(difference)
            readings.append(Decimal(whole).scaleb(column["e"]))
    return readings


def decode_readings(part, clock):
    """channel -> [[wall ms, decimal as text or null], ...] of a part, for a verifier to look at."""
    readings = {}
    for group in part["sampled"]:
        walls = [clock["wall"] + time - clock["mono"] for time in decode_times(group["t"])]
        for channel, column in group["cols"].items():
            values = decode_column(column)
            if len(values) != len(walls):
                raise ValueError("a column is not as long as its times")
            rows = readings.setdefault(channel, [])
            rows += [[wall, None if value is None else str(value)] for wall, value in zip(walls, values)]
    return readings


def take_apart(data, magic):
    """(signed bytes, body, signature, rest) of a record or receipt."""
    length = struct.unpack(">I", data[4:8])[0]
    if data[:4] != magic or len(data) < 8 + length + 64:
        raise ValueError("does not begin with " + magic.decode() + " or is cut off")
    signed = data[: 8 + length]
    return signed, json.loads(signed[8:].decode("utf-8")), data[8 + length : 72 + length], data[72 + length :]


def verify_record(data, texts):
    signed, header, signature, rest = take_apart(data, b"MWB1")
    result = {
        "what": header["kind"],
        "seq": header["seq"],
        "hash": base64url(hashlib.sha256(signed).digest()),
        "prev": header["prev"],
        "signature": ed25519_holds(unbase64url(header["key"]), signed, signature),
        "parts": True,
        "unfolded": True,
        "readings": {},
    }
    for entry in header["parts"]:
        frame, rest = rest[: entry["bytes"]], rest[entry["bytes"] :]
        if base64url(hashlib.sha256(frame).digest()) != entry["sha256"]:
            result["parts"] = False
            continue
        text = unfold(frame)
        if text is None:
            text = texts.get(entry["sha256"])
        if text is None:
            result["unfolded"] = False
            continue
        if header["kind"] == "config" and base64url(hashlib.sha256(text.encode()).digest()) != header["config"]:
            result["parts"] = False
        if header["kind"] == "readings":
            part = json.loads(text, parse_float=Decimal)
            if part["machine"] != entry["machine"]:
                raise ValueError("a part speaks of another machine than its header")
            result["readings"].update(decode_readings(part, header["clock"]))
    if rest:
        raise ValueError("bytes are left over")
    return result


def verify_receipt(data):
    signed, body, signature, rest = take_apart(data, b"MWR1")
    if rest:
        raise ValueError("bytes are left over")
    holds = ed25519_holds(unbase64url(body["key"]), signed, signature)
    return {"what": "receipt", "signature": holds, "parts": True, "accepted": body["accepted"]}


def main(arguments):
    texts = {}
    if arguments[:1] == ["--texts"]:
        with open(arguments[1], encoding="utf-8") as file:
            texts = json.load(file)
        arguments = arguments[2:]
    all_hold = bool(arguments)
    for path in arguments:
        with open(path, "rb") as file:
            data = file.read()
        try:
            result = verify_receipt(data) if data[:4] == b"MWR1" else verify_record(data, texts)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            result = {"what": "unreadable", "signature": False, "parts": False, "error": str(error)}
        all_hold = all_hold and result["signature"] and result["parts"]
        print(json.dumps(result))
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
