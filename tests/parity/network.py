# network.py -- runs the network of a .gdw file on preprocessed inputs by build/network_run.
import os
import tempfile

from parity import BUILD, np, run, skip

PROGRAM = os.path.join(BUILD, "network_run")
if not os.path.exists(PROGRAM):
    skip(f"{PROGRAM} is not built")


def outputs(model, image, nodes, fused=False, geom=None):
    """Outputs of the named nodes for `image`, f32 [B, H, W, 3]: maps as [B, H, W, C]. geom: [B, 8],
    where pictures lie that do not fill it."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = os.path.join(folder, "in.npy"), os.path.join(folder, "out")
        np.save(source, np.ascontiguousarray(image, dtype=np.float32))
        options = ["--fused"] if fused else []
        if geom is not None:
            options += ["--geom", os.path.join(folder, "geom.npy")]
            np.save(options[-1], np.asarray(geom, dtype=np.float32))
        run(PROGRAM, *options, model, source, out, *nodes)
        return [np.load(f"{out}.{node}.npy") for node in nodes]
