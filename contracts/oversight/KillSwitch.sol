// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPolicyBook, Severity} from "../interfaces/IPolicyBook.sol";
import {IModelStatus, Oversight, State, Status} from "../interfaces/IModelStatus.sol";
import {Breach, Case, CaseKind, ICaseVote, IKillSwitch, Outcome} from "../interfaces/IKillSwitch.sol";
import {SuspensionBudget} from "./SuspensionBudget.sol";
import {SwitchParameters, SwitchParametersLib} from "./SwitchParameters.sol";

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
 * - Suspended ends by itself: the state is derived from the clock, nobody has to act.
 * - A suspension is at least as long as its vote can take by the parameters in force when it begins, or it does not
 *   happen. Its length uses {voteSpan}, stored here, so that a trip never waits for the governor.
 * - Every voted transition raises `epoch`; a call that names an old one reverts. So a vote has at most one effect.
 * - A case suspends at most once, and only before its vote is opened: every suspension has its own vote ahead. A trip
 *   that the budget covers suspends by the live case, which then is about that trip, or else by a case of its own.
 * - Neither an activation nor a transfer nor a change of policy touches the state stored here.
 *
 * Assumptions
 * - Exactly one account holds PAUSE and one HUB. ADMIN is the executive.
 */
contract KillSwitch is IKillSwitch, AccessManaged {
    using SuspensionBudget for SuspensionBudget.Bucket;
    using SwitchParametersLib for SwitchParameters;

    struct Model {
        /// Inactive stands for "not halted"; Active is derived from registry and policy.
        State state;
        uint64 epoch;
        uint48 until;
        /// Case that caused the suspension or pause, and the newest case of a halt that may be open.
        uint64 cause;
        uint64 live;
        SuspensionBudget.Bucket bucket;
        /// Newest call to resume, and when a vote last freed the model.
        uint64 resumeCase;
        uint48 resumedAt;
    }

    IModelRegistry public immutable registry;
    IPolicyBook public immutable policies;

    uint256 public caseCount;
    /// @notice Longest time from the opening of a vote to its latest end, as the governor last told.
    uint48 public voteSpan;

    SwitchParameters private _parameters;
    SwitchParameters private _least;
    SwitchParameters private _most;
    mapping(uint256 modelId => Model) private _models;
    mapping(uint256 caseId => Case) private _cases;
    mapping(bytes32 key => uint48) private _cooling;
    mapping(uint256 modelId => mapping(uint64 epoch => mapping(uint32 version => uint64))) private _resumeCases;

    /// @notice A model's state changed. `until` is 0 unless the new state is Suspended.
    event StateChanged(
        uint256 indexed modelId, State previous, State current, uint64 epoch, uint256 indexed caseId, uint48 until
    );
    /// @notice A case was opened.
    event CaseOpened(uint256 indexed caseId, uint256 indexed modelId, CaseKind kind, Severity severity, Case details);
    /// @notice A further breach joined a live case.
    event CaseJoined(uint256 indexed caseId, uint256 indexed modelId, Severity severity, Breach breach);
    /// @notice A case's vote was opened.
    event CaseVoteOpened(uint256 indexed caseId, address indexed governor, uint256 indexed proposalId, uint48 voteEnds);
    /// @notice A case ended.
    event CaseClosed(uint256 indexed caseId, uint256 indexed modelId, Outcome outcome);
    /// @notice A breach had no effect, because its rule cools down after a rejected vote.
    event BreachCooling(uint256 indexed modelId, uint32 version, bytes32 policy, uint16 rule, uint48 until);
    /// @notice A trip did not suspend, because the budget does not cover a whole suspension.
    event BudgetExhausted(uint256 indexed modelId, uint256 indexed caseId, uint48 needed, uint48 used);
    /// @notice The governor told another span.
    event VoteSpanChanged(uint48 previous, uint48 current);
    /// @notice Parameters changed.
    event ParametersChanged(SwitchParameters previous, SwitchParameters current);

    /// @notice The case does not exist, or is not of this model.
    error CaseUnknown(uint256 caseId);
    /// @notice The case has ended.
    error CaseNotOpen(uint256 caseId, Outcome outcome);
    /// @notice The case already has its vote, or the window for opening one is over.
    error CaseWindowOver(uint256 caseId);
    /// @notice The case belongs to an earlier epoch than the model.
    error EpochStale(uint256 modelId, uint64 given, uint64 current);
    /// @notice That cannot be done in the model's present state.
    error StateInvalid(uint256 modelId, State state);
    /// @notice The version named is not the one in force.
    error VersionNotActive(uint256 modelId, uint32 given, uint32 active);
    /// @notice A case of that kind is already open for the model.
    error CaseAlreadyOpen(uint256 modelId, uint256 caseId);
    /// @notice The case's vote or window is not over, or its vote passed and can still be carried out.
    error CaseVoteNotOver(uint256 caseId);

    constructor(
        address authority_,
        IModelRegistry registry_,
        IPolicyBook policies_,
        SwitchParameters memory least,
        SwitchParameters memory initial,
        SwitchParameters memory most
    ) AccessManaged(authority_) {
        registry = registry_;
        policies = policies_;
        _least = least;
        _most = most;
        SwitchParametersLib.check(initial, least, most, 0);
        _parameters = initial;
        emit ParametersChanged(least, initial);
    }

    // ── Halting ─────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IKillSwitch
    /// @notice Suspends a model for a bounded time, if the budget covers it, and opens or joins a case.
    function trip(Breach calldata breach) external restricted returns (uint256 caseId) {
        return _onBreach(breach, Severity.Trip);
    }

    /// @inheritdoc IKillSwitch
    /// @notice Opens or joins a case for a vote; the model keeps running.
    function openBreachCase(Breach calldata breach) external restricted returns (uint256 caseId) {
        return _onBreach(breach, Severity.Vote);
    }

    /// @inheritdoc IKillSwitch
    /// @notice Makes a halt last, on the vote of a case.
    function pause(uint256 modelId, uint256 caseId, uint64 epoch) external restricted {
        Model storage model = _models[modelId];
        Case storage case_ = _cases[caseId];
        require(case_.modelId == modelId && case_.kind != CaseKind.HolderResume, CaseUnknown(caseId));
        require(epoch == model.epoch && case_.epoch == epoch, EpochStale(modelId, epoch, model.epoch));
        require(case_.outcome == Outcome.Open, CaseNotOpen(caseId, case_.outcome));
        State state = _state(modelId);
        require(state == State.Active || state == State.Suspended, StateInvalid(modelId, state));
        _close(caseId, Outcome.Upheld);
        model.cause = uint64(caseId);
        _enter(modelId, state, State.Paused, 0, epoch + 1);
    }

    /// @inheritdoc IKillSwitch
    /// @notice Ends a lasting halt for the named version, on a vote.
    function resume(uint256 modelId, uint32 version, uint64 epoch) external restricted {
        Model storage model = _models[modelId];
        require(epoch == model.epoch, EpochStale(modelId, epoch, model.epoch));
        require(model.state == State.Paused, StateInvalid(modelId, _state(modelId)));
        uint32 active = registry.activeVersion(modelId);
        require(version == active, VersionNotActive(modelId, version, active));
        uint64 caseId = _resumeCases[modelId][epoch][version];
        if (caseId != 0) _close(caseId, Outcome.Upheld);
        (model.cause, model.resumedAt) = (caseId, uint48(block.timestamp));
        _enter(modelId, State.Paused, State.Inactive, 0, epoch + 1);
    }

    /// @notice Takes a model out of service for good.
    function retire(uint256 modelId) external restricted {
        State state = _state(modelId);
        require(state != State.Retired, StateInvalid(modelId, state));
        _models[modelId].cause = 0;
        _enter(modelId, state, State.Retired, 0, _models[modelId].epoch + 1);
    }

    // ── Cases and their votes ───────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IKillSwitch
    /// @notice Opens a case that people called for. One of each kind and model may be open.
    function openHolderCase(uint256 modelId, CaseKind kind, uint32 version, bytes32 evidence)
        external
        restricted
        returns (uint256 caseId)
    {
        State state = _state(modelId);
        Model storage model = _models[modelId];
        bool resuming = kind == CaseKind.HolderResume;
        require(resuming && state == State.Paused, StateInvalid(modelId, state));
        require(!_isLive(model.resumeCase), CaseAlreadyOpen(modelId, model.resumeCase));
        uint64 earlier = _resumeCases[modelId][model.epoch][version];
        require(!_canBeCarriedOut(earlier), CaseAlreadyOpen(modelId, earlier));
        uint32 active = registry.activeVersion(modelId);
        require(version == active, VersionNotActive(modelId, version, active));
        Case memory case_;
        case_.modelId = modelId;
        case_.version = version;
        case_.kind = kind;
        case_.severity = Severity.Vote;
        case_.evidence = evidence;
        caseId = _open(case_);
        model.resumeCase = _resumeCases[modelId][model.epoch][version] = uint64(caseId);
    }

    /// @inheritdoc IKillSwitch
    /// @notice Records that a case's vote was opened. Once a case, within its window.
    function markVote(uint256 caseId, uint256 proposalId) external restricted {
        Case storage case_ = _cases[caseId];
        require(case_.openedAt != 0, CaseUnknown(caseId));
        require(case_.outcome == Outcome.Open, CaseNotOpen(caseId, case_.outcome));
        require(case_.vote == 0 && block.timestamp <= case_.openUntil, CaseWindowOver(caseId));
        uint64 epoch = _models[case_.modelId].epoch;
        require(case_.epoch == epoch, EpochStale(case_.modelId, case_.epoch, epoch));
        case_.governor = msg.sender;
        case_.vote = proposalId;
        case_.voteEnds = uint48(block.timestamp) + voteSpan;
        emit CaseVoteOpened(caseId, msg.sender, proposalId, case_.voteEnds);
    }

    /// @notice Records how a case ended that was not carried out. Anyone may call it.
    /// @dev A rejection ends the suspension that this case caused, gives the rest of it back to the budget and lets
    /// its rule cool down, counted at most from the latest end that the vote could have. After another vote has
    /// decided it has no effect. Without quorum nothing cools down and the suspension simply runs out.
    function poke(uint256 caseId) external {
        Case storage case_ = _cases[caseId];
        require(case_.openedAt != 0, CaseUnknown(caseId));
        require(case_.outcome == Outcome.Open, CaseNotOpen(caseId, case_.outcome));
        if (case_.vote == 0) {
            require(block.timestamp > case_.openUntil, CaseVoteNotOver(caseId));
            return _close(caseId, Outcome.Lapsed);
        }
        if (!ICaseVote(case_.governor).isRejected(case_.vote)) {
            require(ICaseVote(case_.governor).isOver(case_.vote), CaseVoteNotOver(caseId));
            return _close(caseId, Outcome.Lapsed);
        }
        _close(caseId, Outcome.Rejected);
        Model storage model = _models[case_.modelId];
        if (case_.kind != CaseKind.Breach || case_.epoch != model.epoch) return;
        uint48 ended = block.timestamp < case_.voteEnds ? uint48(block.timestamp) : case_.voteEnds;
        _cooling[_coolingKey(case_.modelId, case_.version, case_.policy, case_.rule)] = ended + _parameters.cooldown;
        if (model.cause == caseId && _state(case_.modelId) == State.Suspended) {
            model.bucket.refund(model.until - uint48(block.timestamp), _parameters.refill);
            _enter(case_.modelId, State.Suspended, State.Inactive, 0, model.epoch);
        }
    }

    /// @inheritdoc IKillSwitch
    /// @notice Tells how long a vote can take. Refused where a suspension could not outlast it.
    function setVoteSpan(uint48 seconds_) external restricted {
        SwitchParametersLib.check(_parameters, _least, _most, seconds_);
        emit VoteSpanChanged(voteSpan, seconds_);
        voteSpan = seconds_;
    }

    /// @notice Changes the parameters within their hard bounds.
    function setParameters(SwitchParameters calldata parameters_) external restricted {
        SwitchParametersLib.check(parameters_, _least, _most, voteSpan);
        emit ParametersChanged(_parameters, parameters_);
        _parameters = parameters_;
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IModelStatus
    function isOperational(uint256 modelId) public view returns (bool) {
        return _state(modelId) == State.Active;
    }

    /// @inheritdoc IModelStatus
    function isOperational(uint256 modelId, uint32 version) external view returns (bool) {
        return isOperational(modelId) && registry.activeVersion(modelId) == version;
    }

    /// @inheritdoc IModelStatus
    function statusOf(uint256 modelId) external view returns (Status memory status) {
        Model storage model = _models[modelId];
        status.state = _state(modelId);
        status.version = registry.activeVersion(modelId);
        status.epoch = model.epoch;
        bool live = _isLive(model.live);
        bool halted = status.state == State.Suspended || status.state == State.Paused;
        status.until = status.state == State.Suspended ? model.until : 0;
        status.caseId = halted ? model.cause : live ? model.live : 0;
        status.oversight = live || halted ? Oversight.Breached : Oversight.Healthy;
    }

    /// @inheritdoc IKillSwitch
    function caseOf(uint256 caseId) external view returns (Case memory) {
        require(_cases[caseId].openedAt != 0, CaseUnknown(caseId));
        return _cases[caseId];
    }

    /// @inheritdoc IKillSwitch
    function coolingUntil(uint256 modelId, uint32 version, bytes32 policy, uint16 rule) public view returns (uint48) {
        return _cooling[_coolingKey(modelId, version, policy, rule)];
    }

    /// @notice Parameters in force.
    function parameters() external view returns (SwitchParameters memory) {
        return _parameters;
    }

    /// @notice Hard bounds, given at deployment and for good.
    function bounds() external view returns (SwitchParameters memory least, SwitchParameters memory most) {
        return (_least, _most);
    }

    /// @notice Seconds of its suspension budget that a model has used and not yet got back.
    function budgetUsed(uint256 modelId) external view returns (uint48) {
        return _models[modelId].bucket.level(_parameters.refill);
    }

    // ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────

    function _onBreach(Breach calldata breach, Severity severity) private returns (uint256 caseId) {
        State state = _state(breach.modelId);
        if (state != State.Active && state != State.Suspended) return 0;
        uint48 cooling = coolingUntil(breach.modelId, breach.version, breach.policy, breach.rule);
        if (cooling > block.timestamp) {
            emit BreachCooling(breach.modelId, breach.version, breach.policy, breach.rule, cooling);
            return 0;
        }
        Model storage model = _models[breach.modelId];
        // The vote that freed the model knew what had come before it, whenever that is reported.
        if (model.resumedAt != 0 && policies.termsOf(breach.modelId, breach.frame).end <= model.resumedAt) return 0;
        caseId = model.live;
        uint48 length = _parameters.suspension(breach.suspension, voteSpan);
        bool trips = severity == Severity.Trip && state == State.Active;
        bool covered = trips && model.bucket.covers(length, _parameters.budget, _parameters.refill);
        // A covered trip always suspends: by a case of its own where the live one cannot carry it.
        bool carries = _cases[caseId].vote == 0 && _cases[caseId].bound == 0;
        if (_isLive(caseId) && (carries || !covered)) {
            if (severity == Severity.Trip) _cases[caseId].severity = severity;
            if (covered) _cases[caseId] = _about(_cases[caseId], breach);
            emit CaseJoined(caseId, breach.modelId, severity, breach);
        } else {
            Case memory case_;
            case_.severity = severity;
            caseId = _open(_about(case_, breach));
            model.live = uint64(caseId);
        }
        if (covered) {
            model.bucket.draw(length, _parameters.refill);
            (_cases[caseId].bound, model.cause) = (uint48(block.timestamp) + length, uint64(caseId));
            _enter(breach.modelId, State.Active, State.Suspended, _cases[caseId].bound, model.epoch);
        } else if (trips) {
            emit BudgetExhausted(breach.modelId, caseId, length, model.bucket.level(_parameters.refill));
        }
    }

    /// @dev What voters decide on, and which rule cools down if they reject it.
    function _about(Case memory case_, Breach calldata breach) private pure returns (Case memory) {
        (case_.modelId, case_.version, case_.kind) = (breach.modelId, breach.version, CaseKind.Breach);
        (case_.frame, case_.rule, case_.policy) = (breach.frame, breach.rule, breach.policy);
        (case_.value, case_.limit, case_.evidence) = (breach.value, breach.limit, breach.evidence);
        return case_;
    }

    function _open(Case memory case_) private returns (uint256 caseId) {
        caseId = ++caseCount;
        case_.epoch = _models[case_.modelId].epoch;
        case_.openedAt = uint48(block.timestamp);
        case_.openUntil = uint48(block.timestamp) + _parameters.openWindow;
        _cases[caseId] = case_;
        emit CaseOpened(caseId, case_.modelId, case_.kind, case_.severity, case_);
    }

    function _close(uint256 caseId, Outcome outcome) private {
        _cases[caseId].outcome = outcome;
        emit CaseClosed(caseId, _cases[caseId].modelId, outcome);
    }

    /// @dev `next` is Inactive to leave a halt; what that means is derived from registry and policy.
    function _enter(uint256 modelId, State previous, State next, uint48 until, uint64 epoch) private {
        Model storage model = _models[modelId];
        (model.state, model.until, model.epoch) = (next, until, epoch);
        emit StateChanged(modelId, previous, _state(modelId), epoch, model.cause, until);
    }

    function _state(uint256 modelId) private view returns (State) {
        Model storage model = _models[modelId];
        if (model.state == State.Retired || model.state == State.Paused) return model.state;
        if (model.state == State.Suspended && block.timestamp < model.until) return State.Suspended;
        return registry.activeVersion(modelId) != 0 && policies.hasPolicy(modelId) ? State.Active : State.Inactive;
    }

    /// @dev Bounded by time alone, so that a trip never asks the governor.
    function _isLive(uint256 caseId) private view returns (bool) {
        Case storage case_ = _cases[caseId];
        if (case_.openedAt == 0 || case_.outcome != Outcome.Open) return false;
        if (case_.epoch != _models[case_.modelId].epoch) return false;
        return block.timestamp <= (case_.vote == 0 ? case_.openUntil : case_.voteEnds);
    }

    /// @dev A vote that passed and was not carried out yet stands in the way of another to the same effect.
    function _canBeCarriedOut(uint256 caseId) private view returns (bool) {
        Case storage case_ = _cases[caseId];
        if (case_.vote == 0 || case_.outcome != Outcome.Open || case_.governor != msg.sender) return false;
        return !ICaseVote(case_.governor).isOver(case_.vote);
    }

    function _coolingKey(uint256 modelId, uint32 version, bytes32 policy, uint16 rule) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, policy, rule));
    }
}
