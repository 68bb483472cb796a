"""The name of an image: what in it says which image that is, and when a kubelet asks the registry for it."""

from dataclasses import dataclass

OCI = "oci://"
"""How KServe's storage URIs name a model that is an image."""
UNRESOLVED = ("$", "{{")
"""A part of it is put in by somebody else."""


@dataclass(frozen=True)
class ImageReference:
    """As `ghcr.io/a/b:1.2@sha256:...`."""

    text: str

    @property
    def known(self) -> bool:
        """All of it is written here."""
        return bool(self.text) and not any(sign in self.text for sign in UNRESOLVED)

    @property
    def digest(self) -> str:
        """As `sha256:...`: of what is in the image, so it never means another one."""
        return self.text.partition("@")[2]

    @property
    def tag(self) -> str:
        """As `1.2`; `latest` where neither a tag nor a digest is written."""
        written = self.text.partition("@")[0].rpartition("/")[2].partition(":")[2]
        return written or ("" if self.digest else "latest")

    @property
    def registry(self) -> str:
        """Its host; Docker Hub's where none is written (distribution/reference, splitDockerDomain)."""
        host, slash, _ = self.text.partition("/")
        return host if slash and ("." in host or ":" in host or host == "localhost") else "docker.io"

    @property
    def floats(self) -> bool:
        """It means whatever was pushed last."""
        return not self.digest and self.tag == "latest"

    def policy(self, written: str = "") -> str:
        """When the kubelet asks the registry: what is written, or Kubernetes' default, which looks at the tag alone
        (pkg/apis/core/v1/defaults.go, SetDefaults_Container)."""
        return written or ("Always" if self.tag == "latest" else "IfNotPresent")
