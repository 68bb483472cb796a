import json, time
from tests.scenarios import test_gotchas_platform as T
from tests.scenarios.cluster import get
from tests.scenarios.commits import *
Q2 = T.QUEUE.replace("name: gpu","name: gpu2").split("  resourceGroups")[0] + "  preemption: {}\n"
Q3 = T.QUEUE.replace("name: gpu","name: gpu3").split("  resourceGroups")[0] + "  cohortName: x\n"
CRD = json.loads(json.dumps(T.QUEUES))
CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["preemption"] = {"type":"object","default":{},"properties":{"withinClusterQueue":{"type":"string","default":"Never"}}}
def test_it(standing):
    with T.known(standing.cluster, CRD):
        with pushed(standing, {"platform/keda/queue.yaml": new(T.QUEUE), "platform/keda/queue2.yaml": new(Q2), "platform/keda/queue3.yaml": new(Q3)}):
            print(standing("wait","--profile","full","--timeout","15s"))
            time.sleep(3)
            print(standing.cluster.kubectl("get","clusterqueue","-o","yaml"))
            s=get(standing.cluster,"application","keda")["status"]
            print("RES", json.dumps([(r["kind"],r["name"],r["status"]) for r in s["resources"]],indent=1)[:3000])
            print("OP", json.dumps(s["operationState"])[:3000])
    assert 0
