"""The models of the hub that a tree's GPU pods serve with vLLM."""

from collections.abc import Iterator
from dataclasses import dataclass

from aiops.gitops.declared import Declared
from aiops.gitops.parsing import value
from aiops.gitops.workloads import Container
from aiops.judge.command_line import CommandLine
from aiops.judge.footprint import Footprint, footprint_of
from aiops.judge.gpu_declared import GpuPods, gpu_pods_of
from aiops.judge.hub import is_hub_id
from aiops.judge.serving_images import serves_with_vllm

_HUB = "hf://"


@dataclass(frozen=True)
class ServedModel:
    """A container that loads a model."""

    of: GpuPods
    container: Container
    model: str
    """Its id on the hub."""

    @property
    def line(self) -> CommandLine:
        """What it is started with."""
        return CommandLine(self.container.body)

    @property
    def footprint(self) -> Footprint | None:
        """How much memory it takes; None where its name does not tell."""
        return footprint_of(self.model, self.line)


def served_models(declared: Declared) -> Iterator[ServedModel]:
    """All whose model has a name of the hub. A path tells nothing of what lies there."""
    for each in gpu_pods_of(declared):
        uri = str(value(each.manifest.body, "spec", "model", "uri") or "")
        for container in each.pods.containers:
            if container.init or not serves_with_vllm(container.body):
                continue
            line = CommandLine(container.body)
            written = line.option("--model") or line.served()
            model = written or uri.removeprefix(_HUB)
            if is_hub_id(model):
                yield ServedModel(each, container, model)
