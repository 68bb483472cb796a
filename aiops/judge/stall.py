"""Which part of Argo CD does not answer, told from whose refreshes stay unanswered.

The application controller and the ApplicationSet controller each consume their own refresh annotations, and both
need the repo server to do it: so two silent controllers mean the repo server, one silent one means itself.
"""

PATIENCE_S = 8.0
"""A refresh is answered in well under a second by an idle Argo CD; by a busy one, others change meanwhile."""


def stalled_part(applications_silent_s: float, applicationsets_silent_s: float) -> str:
    """What does not answer, for a person; empty while there is nothing to say.

    Each argument is for how many seconds refreshes have been waiting with no object of that kind changing at all;
    0 where none waits.
    """
    applications = applications_silent_s >= PATIENCE_S
    sets = applicationsets_silent_s >= PATIENCE_S
    if applications and sets:
        waited = min(applications_silent_s, applicationsets_silent_s)
        return f"argocd-repo-server does not answer: both controllers have waited for it for {waited:.0f} s"
    if applications:
        return f"argocd-application-controller has answered no refresh for {applications_silent_s:.0f} s"
    if sets:
        return f"argocd-applicationset-controller has answered no refresh for {applicationsets_silent_s:.0f} s"
    return ""
