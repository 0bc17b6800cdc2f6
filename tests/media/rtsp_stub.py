# rtsp_stub.py -- a small RTSP server on loopback (RTP over TCP), told per connection how to misbehave.
import base64
import socket
import struct
import subprocess
import threading
import time


def annexb_frames(path):
    """Access units of an H.264 file: lists of NAL units; SPS and PPS go in front."""
    data = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-bsf:v",
                           "h264_mp4toannexb", "-f", "h264", "-"], capture_output=True, check=True).stdout
    units = [u for u in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if u]
    frames, head = [], []
    for u in units:
        kind = u[0] & 31
        if kind in (1, 5):
            frames.append(head + [u])
            head = []
        else:
            head.append(u)
    return frames


class RtspStub:
    """Serves the frames of `path` at `rate`. plan: one entry a connection, the last one for all that follow:
    dict(frames=N sent, then="close" | "stall" | "half" | "end" | "refuse"; path: another video)."""

    def __init__(self, path, plan, rate=50):
        self.path, self.plan, self.rate = path, plan, rate
        self.connections, self.log, self.closing = 0, [], False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self.listener.getsockname()[1]}/live"
        self.cache = {}
        threading.Thread(target=self.accept, daemon=True).start()

    def frames(self, path):
        if path not in self.cache:
            self.cache[path] = annexb_frames(path)
        return self.cache[path]

    def accept(self):
        while not self.closing:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            step = self.plan[min(self.connections, len(self.plan) - 1)]
            self.connections += 1
            self.log.append(time.monotonic())
            threading.Thread(target=self.serve, args=(c, step), daemon=True).start()

    def close(self):
        self.closing = True
        self.listener.close()

    def serve(self, c, step):
        try:
            with c:
                if step["then"] != "refuse":
                    self.talk(c, step)
        except OSError:
            pass

    def talk(self, c, step):
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        frames = self.frames(step.get("path", self.path))
        text = b""
        while True:
            while b"\r\n\r\n" not in text:
                more = c.recv(4096)
                if not more:
                    return
                text += more
            request, text = text.split(b"\r\n\r\n", 1)
            verb = request.split(b" ", 1)[0].decode()
            cseq = [x.split(b":")[1].strip().decode() for x in request.split(b"\r\n")
                    if x.lower().startswith(b"cseq")][0]
            extra, body = "", b""
            if verb == "OPTIONS":
                extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif verb == "DESCRIBE":
                sets = ",".join(base64.b64encode(u).decode() for u in frames[0] if u[0] & 31 in (7, 8))
                body = (f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=stub\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
                        f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;"
                        f"sprop-parameter-sets={sets}\r\na=control:track0\r\n").encode()
                extra = f"Content-Type: application/sdp\r\nContent-Base: {self.url}/\r\nContent-Length: {len(body)}\r\n"
            elif verb == "SETUP":
                if b"interleaved" not in request:
                    c.sendall(f"RTSP/1.0 461 Unsupported Transport\r\nCSeq: {cseq}\r\n\r\n".encode())
                    continue
                extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            elif verb == "PLAY":
                extra = "Session: 1\r\nRange: npt=0.000-\r\n"
            c.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{extra}\r\n".encode() + body)
            if verb == "PLAY":
                self.play(c, frames, step)
                return

    def play(self, c, frames, step):
        sequence, start = 0, time.monotonic()
        for i in range(step["frames"]):
            stamp = 1000 + i * 90000 // self.rate
            late = start + i / self.rate - time.monotonic()
            if late > 0:
                time.sleep(late)
            units = frames[i % len(frames)]
            for k, u in enumerate(units):
                for packet, last in self.packets(u):
                    mark = last and k == len(units) - 1
                    rtp = struct.pack(">BBHII", 0x80, 96 | mark << 7, sequence & 0xffff, stamp, 0x1234) + packet
                    sequence += 1
                    c.sendall(b"$\0" + struct.pack(">H", len(rtp)) + rtp)
        if step["then"] == "half":
            c.sendall(b"$\0\x04\0" + bytes(100))
        if step["then"] == "stall":
            while not self.closing:
                time.sleep(0.05)

    @staticmethod
    def packets(unit):
        """RFC 6184: a single NAL unit packet, or fragments (FU-A)."""
        if len(unit) <= 1200:
            yield unit, True
            return
        for at in range(1, len(unit), 1200):
            end = at + 1200 >= len(unit)
            yield bytes([unit[0] & 0xe0 | 28, (at == 1) << 7 | end << 6 | unit[0] & 31]) + unit[at:at + 1200], end
