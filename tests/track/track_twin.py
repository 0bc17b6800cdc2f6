# track_twin.py -- SORT and ByteTrack written a second time, from the papers, with full matrices.
"""Both answer update(detections [n, 5] as x1 y1 x2 y2 score) with (ids [n] or -1, confirmed [n], boxes
{id: filtered box}). SORT: Bewley et al. 2016, noise of the authors' program; ByteTrack: Zhang et al. 2022,
motion model of DeepSORT (Wojke et al. 2017)."""
import numpy as np


def iou_table(a, b):
    a, b = np.reshape(np.array(a, float), (-1, 4)), np.reshape(np.array(b, float), (-1, 4))
    wide = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    both = np.prod(np.clip(wide, 0, None), axis=2)
    area = [np.prod(x[:, 2:] - x[:, :2], axis=1) for x in (a, b)]
    return both / np.maximum(area[0][:, None] + area[1][None] - both, 1e-12)


def best_pairs(worth):
    """Pairs of positive worth whose sum is greatest. Those without a rival are taken beforehand."""
    good = worth > 0
    alone = good & (good.sum(1, keepdims=True) == 1) & (good.sum(0, keepdims=True) == 1)
    rows, cols = (np.flatnonzero((good & ~alone).any(axis)) for axis in (1, 0))
    rest = [(rows[i], cols[j]) for i, j in hungarian(worth[np.ix_(rows, cols)])]
    return list(zip(*np.nonzero(alone))) + rest


def hungarian(worth):
    """The same on the matrix made square."""
    n = max(worth.shape)
    if min(worth.shape) == 0:
        return []
    cost = np.zeros((n + 1, n + 1))
    cost[1:worth.shape[0] + 1, 1:worth.shape[1] + 1] = -np.maximum(worth, 0)
    u, v, row_of, way = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1, int), np.zeros(n + 1, int)
    for i in range(1, n + 1):
        row_of[0], at = i, 0
        least, used = np.full(n + 1, np.inf), np.zeros(n + 1, bool)
        while row_of[at]:
            used[at] = True
            slack = cost[row_of[at]] - u[row_of[at]] - v
            closer = ~used & (slack < least)
            least[closer], way[closer] = slack[closer], at
            free = np.flatnonzero(~used[1:]) + 1
            best = free[np.argmin(least[free])]
            delta = least[best]
            u[row_of[used]] += delta
            v[used] -= delta
            least[~used] -= delta
            at = best
        while at:
            row_of[at], at = row_of[way[at]], way[at]
    return [(row_of[j] - 1, j - 1) for j in range(1, worth.shape[1] + 1)
            if row_of[j] <= worth.shape[0] and worth[row_of[j] - 1, j - 1] > 0]


class Kalman:
    def __init__(self, x, p, f, h):
        self.x, self.p, self.f, self.h = np.array(x, float), np.diag(p).astype(float), f, h

    def predict(self, q):
        self.x = self.f @ self.x
        self.p = self.f @ self.p @ self.f.T + np.diag(q)

    def update(self, z, r):
        s = self.h @ self.p @ self.h.T + np.diag(r)
        k = self.p @ self.h.T @ np.linalg.inv(s)
        self.x = self.x + k @ (np.array(z) - self.h @ self.x)
        self.p = (np.eye(len(self.x)) - k @ self.h) @ self.p


def step(n, m):
    """Motion of n numbers whose first m have a velocity, and the view of them."""
    f = np.eye(n + m)
    f[:m, n:] = np.eye(m)
    return f, np.eye(n, n + m)


class Track:
    pass


class Sort:
    MOTION = step(4, 3)

    def __init__(self, max_age=30, min_hits=1, iou_threshold=0.3):
        self.max_age, self.min_hits, self.least = max_age, min_hits, iou_threshold
        self.tracks, self.frame, self.next_id = [], 0, 1

    @staticmethod
    def measure(b):
        w, h = b[2] - b[0], b[3] - b[1]
        return [b[0] + w / 2, b[1] + h / 2, w * h, w / h]

    @staticmethod
    def box(t):
        x, y, s, r = t.k.x[:4]
        w = np.sqrt(s * r)
        return np.array([x - w / 2, y - s / w / 2, x + w / 2, y + s / w / 2])

    def update(self, dets):
        self.frame += 1
        for t in self.tracks:
            if t.k.x[2] + t.k.x[6] <= 0:
                t.k.x[6] = 0
            t.k.predict([1, 1, 1, 1, 0.01, 0.01, 0.0001])
            if t.unseen > 0:
                t.streak = 0
            t.unseen += 1
        worth = iou_table([self.box(t) for t in self.tracks], [d[:4] for d in dets])
        worth[worth < self.least] = 0
        owner = [None] * len(dets)
        for i, j in best_pairs(worth):
            t = self.tracks[i]
            t.k.update(self.measure(dets[j]), [1, 1, 10, 10])
            t.unseen, t.streak, owner[j] = 0, t.streak + 1, t
        for j, d in enumerate(dets):
            if owner[j]:
                continue
            t = owner[j] = Track()
            t.k = Kalman(self.measure(d) + [0, 0, 0], [10] * 4 + [1e4] * 3, *self.MOTION)
            t.id, t.unseen, t.streak = self.next_id, 0, 0
            self.next_id += 1
            self.tracks.append(t)
        self.tracks = [t for t in self.tracks if t.unseen <= self.max_age]
        sure = [t.streak >= self.min_hits - 1 or self.frame <= self.min_hits - 1 for t in owner]
        return [t.id for t in owner], sure, {t.id: self.box(t) for t in self.tracks}


class Byte:
    MOTION = step(4, 4)

    def __init__(self, high=0.25, low=0.1, new_track=0.25, match=0.8, max_age=30, min_hits=2):
        self.high, self.low, self.new, self.match = high, low, new_track, match
        self.max_age, self.min_hits = max_age, min_hits
        self.tracks, self.frame, self.next_id = [], 0, 1

    @staticmethod
    def measure(b):
        w, h = b[2] - b[0], b[3] - b[1]
        return [b[0] + w / 2, b[1] + h / 2, w / h, h]

    @staticmethod
    def box(t):
        x, y, a, h = t.k.x[:4]
        return np.array([x - a * h / 2, y - h / 2, x + a * h / 2, y + h / 2])

    @staticmethod
    def noise(h, *weights):
        """Variances of position, and of velocity where asked: weights of height, and of the aspect."""
        return [v * v for p, a in weights for v in (p * h, p * h, a, p * h)]

    def round(self, tracks, dets, which, owner, limit, fused):
        like = iou_table([self.box(t) for t in tracks], [dets[j][:4] for j in which])
        if fused:
            like = like * np.array([dets[j][4] for j in which])[None]
        for i, j in best_pairs(limit - (1 - like)):
            t, d = tracks[i], dets[which[j]]
            t.k.update(self.measure(d), self.noise(t.k.x[3], (1 / 20, 1e-1)))
            t.last, t.hits, owner[which[j]] = self.frame, t.hits + 1, t
            t.sure = t.sure or t.hits >= self.min_hits

    def update(self, dets):
        self.frame += 1
        now, scores = self.frame, [d[4] for d in dets]
        owner = [None] * len(dets)
        sure = [t for t in self.tracks if t.sure]
        unsure = [t for t in self.tracks if not t.sure]
        for t in sure:
            if t.last != now - 1:
                t.k.x[7] = 0
            t.k.predict(self.noise(t.k.x[3], (1 / 20, 1e-2), (1 / 160, 1e-5)))
        strong = [j for j, s in enumerate(scores) if s > np.float32(self.high)]
        weak = [j for j, s in enumerate(scores) if np.float32(self.low) < s <= np.float32(self.high)]
        self.round(sure, dets, strong, owner, self.match, True)
        self.round([t for t in sure if t.last == now - 1], dets, weak, owner, 0.5, False)
        self.round(unsure, dets, [j for j in strong if not owner[j]], owner, 0.7, True)
        self.tracks = sure + [t for t in unsure if t.last == now]
        for j in strong:
            if owner[j] or scores[j] < np.float32(self.new):
                continue
            t = owner[j] = Track()
            z = self.measure(dets[j])
            t.k = Kalman(z + [0] * 4, self.noise(z[3], (2 / 20, 1e-2), (10 / 160, 1e-5)), *self.MOTION)
            t.id, t.first, t.last, t.hits, t.sure = self.next_id, now, now, 1, now == 1 or self.min_hits == 1
            self.next_id += 1
            self.tracks.append(t)
        self.tracks = [t for t in self.tracks if now - t.last <= self.max_age]
        here = [t for t in self.tracks if t.last == now]
        gone = [t for t in self.tracks if t.last != now]
        double = iou_table([self.box(t) for t in here], [self.box(t) for t in gone]) > 0.85
        dead = set()
        for i, j in zip(*np.nonzero(double)):
            older = here[i].last - here[i].first > gone[j].last - gone[j].first
            dead.add(gone[j] if older else here[i])
        self.tracks = [t for t in self.tracks if t not in dead]
        owner = [None if t in dead else t for t in owner]
        return ([t.id if t else -1 for t in owner], [bool(t and t.sure) for t in owner],
                {t.id: self.box(t) for t in self.tracks})
