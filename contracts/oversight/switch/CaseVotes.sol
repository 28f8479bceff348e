// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Severity} from "../../interfaces/IPolicyBook.sol";
import {State} from "../../interfaces/IModelStatus.sol";
import {Case, CaseCall, CaseKind, ICaseVote, IKillSwitch, Outcome} from "../../interfaces/IKillSwitch.sol";
import {Suspensions} from "./Suspensions.sol";

/**
 * @title CaseVotes
 * @notice Cases that people call for, the votes on all cases, and what votes do.
 *
 * Decisions
 * - Every voted transition raises `epoch`; a call that names an old one reverts. So a vote has at most one effect.
 * - A case is voted on once. Only where governance replaced the governor before the vote was over, the new governor
 *   may open it anew: the old one's can never be carried out.
 * - A call by holders stands beside the case of a breach and never in its way: breaches do not join it.
 * - A rejection cools: the rule that the case was about, or further calls for a resume in that epoch. A call for a
 *   pause cools nothing, or a sham call could silence a true one. Without quorum nothing cools.
 */
abstract contract CaseVotes is Suspensions {
    mapping(uint256 modelId => mapping(uint64 epoch => mapping(uint32 version => uint64))) private _resumeCases;
    mapping(uint256 modelId => mapping(uint64 epoch => uint48)) private _resumesFrom;

    /// @notice A case's vote was opened.
    event CaseVoteOpened(uint256 indexed caseId, address indexed governor, uint256 indexed proposalId, uint48 voteEnds);

    /// @notice The case already has its vote, or the window for opening one is over.
    error CaseWindowOver(uint256 caseId);
    /// @notice The case's vote or window is not over, or its vote passed and can still be carried out.
    error CaseVoteNotOver(uint256 caseId);
    /// @notice A case of that kind is already open for the model.
    error CaseAlreadyOpen(uint256 modelId, uint256 caseId);
    /// @notice People call for a pause or a resume, for nothing else.
    error CaseKindInvalid(CaseKind kind);
    /// @notice A resume was rejected; the next may be called for at `from`.
    error ResumeCooling(uint256 modelId, uint48 from);
    /// @notice The version named is not the one in force.
    error VersionNotActive(uint256 modelId, uint32 given, uint32 active);

    /// @inheritdoc IKillSwitch
    /// @dev A resume names the version in force. A pause may be about any registered one, so that activating another
    /// does not make a call void.
    function openHolderCase(uint256 modelId, CaseKind kind, uint32 version, bytes32 evidence)
        external
        restricted
        returns (uint256 caseId)
    {
        State state = _state(modelId);
        Model storage model = _models[modelId];
        bool resuming = kind == CaseKind.HolderResume;
        require(resuming || kind == CaseKind.HolderPause, CaseKindInvalid(kind));
        require(
            resuming ? state == State.Paused : state == State.Active || state == State.Suspended,
            StateInvalid(modelId, state)
        );
        uint64 earlier = resuming ? model.resumeCall : model.pauseCall;
        require(!_isLive(earlier), CaseAlreadyOpen(modelId, earlier));
        // A passed vote for a version that is not in force any more does not stand in the way of another's.
        if (resuming) earlier = _resumeCases[modelId][model.epoch][version];
        require(!_canBeCarriedOut(earlier), CaseAlreadyOpen(modelId, earlier));
        if (resuming) {
            uint48 from = _resumesFrom[modelId][model.epoch];
            require(block.timestamp >= from, ResumeCooling(modelId, from));
            uint32 active = registry.activeVersion(modelId);
            require(version == active, VersionNotActive(modelId, version, active));
        } else {
            registry.evaluationSetOf(modelId, version); // reverts for an unknown version
        }
        Record memory record;
        (record.modelId, record.version, record.kind) = (uint64(modelId), version, kind);
        (record.severity, record.evidence) = (Severity.Vote, evidence);
        caseId = _open(record);
        if (resuming) model.resumeCall = _resumeCases[modelId][model.epoch][version] = uint64(caseId);
        else model.pauseCall = uint64(caseId);
    }

    /// @inheritdoc IKillSwitch
    function markVote(uint256 caseId, uint256 proposalId) external restricted {
        Record storage record = _known(caseId);
        require(record.outcome == Outcome.Open, CaseNotOpen(caseId, record.outcome));
        bool open = record.voteEnds == 0 ? block.timestamp <= record.openUntil : _isOrphaned(record, caseId);
        require(open, CaseWindowOver(caseId));
        uint64 epoch = _models[record.modelId].epoch;
        require(record.epoch == epoch, EpochStale(record.modelId, record.epoch, epoch));
        uint48 ends = uint48(block.timestamp) + voteSpan;
        (record.governor, record.voteEnds) = (msg.sender, ends);
        emit CaseVoteOpened(caseId, msg.sender, proposalId, ends);
    }

    /// @inheritdoc IKillSwitch
    /// @dev A case of this epoch is of a model that was in service when it opened, and only a vote or a retirement
    /// could have changed more than a suspension since: the state stored here tells enough.
    function pause(uint256 modelId, uint256 caseId, uint64 epoch) external restricted {
        Model storage model = _models[modelId];
        Record storage record = _known(caseId);
        require(record.modelId == modelId && record.kind != CaseKind.HolderResume, CaseUnknown(caseId));
        require(epoch == model.epoch && record.epoch == epoch, EpochStale(modelId, epoch, model.epoch));
        require(record.outcome == Outcome.Open, CaseNotOpen(caseId, record.outcome));
        bool suspended = model.state == State.Suspended && block.timestamp < model.until;
        _close(caseId, Outcome.Upheld);
        if (suspended) _cutShort(modelId);
        model.cause = uint64(caseId);
        _enter(modelId, suspended ? State.Suspended : State.Active, State.Paused, epoch + 1);
    }

    /// @inheritdoc IKillSwitch
    function resume(uint256 modelId, uint32 version, uint64 epoch) external restricted {
        Model storage model = _models[modelId];
        require(epoch == model.epoch, EpochStale(modelId, epoch, model.epoch));
        require(model.state == State.Paused, StateInvalid(modelId, _state(modelId)));
        uint32 active = registry.activeVersion(modelId);
        require(version == active, VersionNotActive(modelId, version, active));
        uint64 caseId = _resumeCases[modelId][epoch][version];
        if (caseId != 0) _close(caseId, Outcome.Upheld);
        (model.cause, model.resumedAt) = (caseId, uint48(block.timestamp));
        _enter(modelId, State.Paused, State.Inactive, epoch + 1);
    }

    /// @notice Records how a case ended that was not carried out. Anyone may call it.
    /// @dev A rejection ends the suspension that this case caused, gives the rest of it back to the budget and cools,
    /// counted at most from the latest end that the vote could have. After another vote has decided it has no effect.
    /// Without quorum nothing cools down and the suspension simply runs out.
    function poke(uint256 caseId) external {
        Record storage record = _known(caseId);
        require(record.outcome == Outcome.Open, CaseNotOpen(caseId, record.outcome));
        if (record.voteEnds == 0) {
            require(block.timestamp > record.openUntil, CaseVoteNotOver(caseId));
            return _close(caseId, Outcome.Lapsed);
        }
        if (!ICaseVote(record.governor).isRejected(caseId)) {
            require(ICaseVote(record.governor).isOver(caseId), CaseVoteNotOver(caseId));
            return _close(caseId, Outcome.Lapsed);
        }
        _close(caseId, Outcome.Rejected);
        uint256 modelId = record.modelId;
        Model storage model = _models[modelId];
        if (record.epoch != model.epoch) return;
        uint48 ended = block.timestamp < record.voteEnds ? uint48(block.timestamp) : record.voteEnds;
        CaseKind kind = record.kind;
        if (kind == CaseKind.Breach || kind == CaseKind.Stale) _cool(record, ended);
        else if (kind == CaseKind.HolderResume) _resumesFrom[modelId][model.epoch] = ended + _parameters.cooldown;
        if (model.cause == caseId && _state(modelId) == State.Suspended) {
            _cutShort(modelId);
            _enter(modelId, State.Suspended, State.Inactive, model.epoch);
        }
    }

    /// @inheritdoc IKillSwitch
    function caseOf(uint256 caseId) external view returns (Case memory case_) {
        case_ = _toCase(_known(caseId));
        if (case_.voteEnds != 0) case_.vote = ICaseVote(case_.governor).proposalIdOf(caseId);
    }

    /// @inheritdoc IKillSwitch
    function callOf(uint256 caseId) external view returns (CaseCall memory) {
        Record storage record = _known(caseId);
        return CaseCall(record.modelId, record.version, record.epoch, record.kind);
    }

    /// @notice From when on a resume of the paused model may be called for again, after one was rejected; 0 if none was.
    function resumesFrom(uint256 modelId) external view returns (uint48) {
        return _resumesFrom[modelId][_models[modelId].epoch];
    }

    function _known(uint256 caseId) private view returns (Record storage record) {
        record = _cases[caseId];
        require(record.openUntil != 0, CaseUnknown(caseId));
    }

    /// @dev A vote that passed and was not carried out yet stands in the way of another to the same effect.
    function _canBeCarriedOut(uint256 caseId) private view returns (bool) {
        Record storage record = _cases[caseId];
        if (record.voteEnds == 0 || record.outcome != Outcome.Open || record.governor != msg.sender) return false;
        if (record.epoch != _models[record.modelId].epoch) return false;
        return !ICaseVote(record.governor).isOver(caseId);
    }

    /// @dev The caller holds PAUSE, so another governor's vote has lost its effect; unless it was over before.
    function _isOrphaned(Record storage record, uint256 caseId) private view returns (bool) {
        return record.governor != msg.sender && !ICaseVote(record.governor).isOver(caseId);
    }
}
