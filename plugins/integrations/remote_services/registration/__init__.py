"""From an integrator's declaration to a service that staff have approved."""
