// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPolicyBook} from "../interfaces/IPolicyBook.sol";
import {IModelStatus, Oversight, State, Status} from "../interfaces/IModelStatus.sol";
import {CaseKind, IKillSwitch} from "../interfaces/IKillSwitch.sol";
import {IReportHub} from "../interfaces/IReportHub.sol";
import {CaseVotes} from "./switch/CaseVotes.sol";
import {Guardian} from "./switch/Guardian.sol";
import {SwitchBase} from "./switch/SwitchBase.sol";
import {SwitchParameters} from "./switch/SwitchParameters.sol";

/**
 * @title KillSwitch
 * @notice Whether a model may run.
 *
 * Problem. Who can halt a model can also hold it hostage, and who can free one can free a harmful one.
 *
 * Solution. A breach suspends for a bounded time out of a bounded budget and opens a case. Only a vote on the case
 * makes the halt last, and only a vote ends a lasting halt.
 *
 * Decisions
 * - One capability a file in `switch/`: {Suspensions}, {Guardian}, {CaseVotes} on {SwitchBase}.
 * - Neither an activation nor a transfer nor a change of policy touches the state stored here.
 * - What halts never asks the hub; only the oversight state, which halts nothing, does.
 *
 * Assumptions
 * - Exactly one account holds PAUSE and one HUB. ADMIN is the executive.
 */
contract KillSwitch is Guardian, CaseVotes {
    /// @notice Who knows whether a model is watched, see {IReportHub-oversightOf}.
    IReportHub public hub;

    /// @notice The oversight state is asked of another hub from now on.
    event HubChanged(address indexed previous, address indexed current);

    constructor(
        address authority_,
        IModelRegistry registry_,
        IPolicyBook policies_,
        SwitchParameters memory least,
        SwitchParameters memory initial,
        SwitchParameters memory most
    ) SwitchBase(authority_, registry_, policies_, least, initial, most) {}

    /// @notice Names the hub that the oversight state is asked of.
    function setHub(IReportHub hub_) external restricted {
        emit HubChanged(address(hub), address(hub_));
        hub = hub_;
    }

    /// @notice Takes a model out of service for good.
    function retire(uint256 modelId) external restricted {
        State state = _state(modelId);
        require(state != State.Retired, StateInvalid(modelId, state));
        _models[modelId].cause = 0;
        _enter(modelId, state, State.Retired, _models[modelId].epoch + 1);
    }

    /// @inheritdoc IModelStatus
    function isOperational(uint256 modelId) public view returns (bool) {
        return !_isHalted() && _state(modelId) == State.Active;
    }

    /// @inheritdoc IModelStatus
    function isOperational(uint256 modelId, uint32 version) external view returns (bool) {
        return isOperational(modelId) && registry.activeVersion(modelId) == version;
    }

    /// @inheritdoc IKillSwitch
    function operationalSince(uint256 modelId) external view returns (uint48 since) {
        if (!isOperational(modelId)) return type(uint48).max;
        Model storage model = _models[modelId];
        since = registry.activeSince(modelId);
        if (model.until > since) since = model.until;
        if (model.resumedAt > since) since = model.resumedAt;
        if (haltedUntil > since) since = haltedUntil;
    }

    /// @inheritdoc IModelStatus
    function statusOf(uint256 modelId) external view returns (Status memory status) {
        Model storage model = _models[modelId];
        status.state = _state(modelId);
        status.version = registry.activeVersion(modelId);
        status.epoch = model.epoch;
        status.halted = _isHalted();
        status.until = status.state == State.Suspended ? model.until : 0;
        bool stopped = status.state == State.Suspended || status.state == State.Paused;
        status.caseId = stopped ? model.cause : _liveCase(model);
        status.oversight = _oversight(modelId, status.caseId);
    }

    /// @dev The case of a breach before a call by holders.
    function _liveCase(Model storage model) private view returns (uint64) {
        if (_isLive(model.live)) return model.live;
        return _isLive(model.pauseCall) ? model.pauseCall : 0;
    }

    /// @dev The case that a state or vote is about says more than the hub; a call by holders says nothing of it.
    function _oversight(uint256 modelId, uint256 caseId) private view returns (Oversight) {
        CaseKind kind = _cases[caseId].kind;
        if (caseId != 0 && kind == CaseKind.Breach) return Oversight.Breached;
        if (caseId != 0 && kind == CaseKind.Stale) return Oversight.Stale;
        return address(hub) == address(0) ? Oversight.Healthy : hub.oversightOf(modelId);
    }
}
