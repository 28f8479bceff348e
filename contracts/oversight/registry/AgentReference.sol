// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title AgentReference
 * @notice Which ERC-8004 agent a model is known as, in the steward's words.
 * @dev ERC-8004 names an agent by `agentRegistry`, `eip155:{chainId}:{identityRegistry}`, and `agentId`. The registry
 * may be on another chain, so nothing is checked here: whoever follows the reference looks whether the agent's
 * registration points back at the model. Nothing that judges or halts a model reads it, and a transfer leaves it.
 */
abstract contract AgentReference {
    /// @notice An agent of ERC-8004; all 0 if none was named.
    struct Agent {
        uint64 chainId;
        address identityRegistry;
        uint256 agentId;
    }

    mapping(uint256 modelId => Agent) private _agents;

    /// @notice The steward named the model's agent, or none (all 0), in place of another.
    event AgentChanged(uint256 indexed modelId, Agent previous, Agent current);

    /// @notice An agent has a chain and an identity registry; none has neither, nor an id.
    error AgentInvalid(uint256 modelId);

    /// @notice Names the agent that the model is known as under ERC-8004; all 0 takes the reference back.
    /// @param identityRegistry The identity registry that knows the agent.
    /// @param agentId The agent's id there.
    /// @param chainId The registry's chain.
    function setAgent(uint256 modelId, address identityRegistry, uint256 agentId, uint64 chainId) external {
        _onlySteward(modelId);
        bool named = identityRegistry != address(0);
        require(named == (chainId != 0) && (named || agentId == 0), AgentInvalid(modelId));
        Agent memory agent = Agent(chainId, identityRegistry, agentId);
        emit AgentChanged(modelId, _agents[modelId], agent);
        _agents[modelId] = agent;
    }

    /// @notice The agent that a model is known as under ERC-8004.
    function agentOf(uint256 modelId) external view returns (Agent memory) {
        return _agents[modelId];
    }

    /// @dev Reverts unless the caller is the model's steward.
    function _onlySteward(uint256 modelId) internal view virtual;
}
