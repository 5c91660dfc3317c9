"""The commands. This is where parts are put together: the only folder that imports `ivg.policy` and `ivg.envs`."""
