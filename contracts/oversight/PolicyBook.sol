// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {FrameTimes, Grid, IPolicyBook, PolicyInput, Rule, Terms} from "../interfaces/IPolicyBook.sol";
import {IDecisionLog} from "../interfaces/IDecisionLog.sol";
import {MonitorRegistry} from "./MonitorRegistry.sol";
import {PolicyCode} from "./PolicyCode.sol";

/**
 * @title PolicyBook
 * @notice What token holders decided about each model: the grid of frames, the panel of monitors, the rules.
 *
 * Decisions
 * - A policy takes force at a boundary of the grid that is in force, and frames go on counting across it. Where its
 *   frames are longer than their step, it waits until its first frame begins after the decision: a frame is always
 *   judged by a policy that was known at its start. Only a model's first policy need not wait: nothing ran before it.
 * - Until it takes force a policy can be replaced whole, its start included.
 * - The panel is part of the policy: a monitor that governance dismisses leaves a panel by the next policy.
 *
 * Assumptions
 * - `setPolicy` is restricted to ADMIN, which only the executive holds.
 */
contract PolicyBook is IPolicyBook, AccessManaged {
    struct Entry {
        /// First frame under this policy, and when that frame's step begins.
        uint64 firstFrame;
        uint48 base;
        uint32 step;
        uint32 length;
        uint32 deadline;
        uint32 grace;
        address code;
        uint32 suspension;
        bool staleSuspends;
        uint8 k;
        uint8 panelSize;
        uint8 ruleCount;
        address document;
    }

    uint256 private constant _MAX_PANEL = 96;
    uint256 private constant _MAX_RULES = 24;

    /// @notice Who knows which monitors may be named in a panel.
    MonitorRegistry public immutable monitors;
    /// @notice The log that is told of new grids, so that its anchors need not ask. Named once, for good.
    IDecisionLog public log;
    mapping(uint256 modelId => Entry[]) private _entries;

    /// @notice A policy was set; it takes force at `base` with frame `firstFrame`.
    event PolicySet(
        uint256 indexed modelId,
        uint256 indexed index,
        bytes32 indexed digest,
        uint64 firstFrame,
        uint48 base,
        PolicyInput policy
    );

    /// @notice The log that is told of new grids was named.
    event LogNamed(address indexed log);

    /// @notice A policy needs 1 to 24 rules.
    error PolicyRuleCountInvalid(uint256 count);
    /// @notice A panel has 1 to 96 monitors, and k is more than half of them and at most all.
    error PolicyPanelInvalid(uint256 size, uint8 k);
    /// @notice Times must satisfy 0 < step ≤ length, grace < deadline.
    error PolicyTimesInvalid(uint32 step, uint32 length, uint32 grace, uint32 deadline);
    /// @notice Rule `index` has no metric, m outside 1..w, or a limit outside its range.
    error PolicyRuleInvalid(uint256 index);
    /// @notice The panel names a monitor that is not admitted, or names it twice.
    error PolicyMonitorInvalid(address monitor);
    /// @notice The model has no policy, or none in force for that frame or time.
    error PolicyMissing(uint256 modelId);
    /// @notice The frame lies beyond the end of time.
    error PolicyFrameTooFar(uint256 modelId, uint64 frame);
    /// @notice The log was named already: another would leave the first with grids that are out of date.
    error PolicyLogNamed(address log);
    /// @notice No policy is set before the log is named.
    error PolicyLogMissing();

    constructor(address authority_, MonitorRegistry monitors_) AccessManaged(authority_) {
        monitors = monitors_;
    }

    /// @notice Names the log that is told of new grids. Once: the deployment does it.
    function setLog(IDecisionLog log_) external restricted {
        require(address(log) == address(0), PolicyLogNamed(address(log)));
        emit LogNamed(address(log_));
        log = log_;
    }

    /// @notice Sets a model's policy. It takes force at the next boundary of the frame grid; one that had not
    /// yet taken force is replaced.
    function setPolicy(uint256 modelId, PolicyInput calldata policy) external restricted returns (bytes32 digest) {
        _check(policy);
        Entry[] storage entries = _entries[modelId];
        if (entries.length > 0 && entries[entries.length - 1].base > block.timestamp) entries.pop();
        (uint64 firstFrame, uint48 base) = _beginning(entries, policy);
        bytes memory document = abi.encode(policy);
        digest = keccak256(document);
        entries.push(
            Entry({
                firstFrame: firstFrame,
                base: base,
                step: policy.step,
                length: policy.length,
                deadline: policy.deadline,
                grace: policy.grace,
                code: PolicyCode.write(PolicyCode.pack(digest, policy)),
                suspension: policy.suspension,
                staleSuspends: policy.staleSuspends,
                k: policy.k,
                panelSize: uint8(policy.panel.length),
                ruleCount: uint8(policy.rules.length),
                document: PolicyCode.write(document)
            })
        );
        emit PolicySet(modelId, entries.length - 1, digest, firstFrame, base, policy);
        require(address(log) != address(0), PolicyLogMissing());
        log.onPolicy(modelId, Grid(firstFrame, base, policy.step, policy.grace));
    }

    /// @inheritdoc IPolicyBook
    function hasPolicy(uint256 modelId) external view returns (bool) {
        Entry[] storage entries = _entries[modelId];
        return entries.length > 0 && entries[0].base <= block.timestamp;
    }

    /// @notice Number of policies that were ever set for a model.
    function policyCount(uint256 modelId) external view returns (uint256) {
        return _entries[modelId].length;
    }

    /// @notice A policy in full, with the frame and time at which it takes force.
    function policyAt(uint256 modelId, uint256 index)
        external
        view
        returns (PolicyInput memory policy, bytes32 digest, uint64 firstFrame, uint48 base)
    {
        require(index < _entries[modelId].length, PolicyMissing(modelId));
        Entry storage entry = _entries[modelId][index];
        policy = abi.decode(PolicyCode.read(entry.document), (PolicyInput));
        return (policy, PolicyCode.firstWord(entry.code), entry.firstFrame, entry.base);
    }

    /// @inheritdoc IPolicyBook
    function termsOf(uint256 modelId, uint64 frame) external view returns (Terms memory terms) {
        Entry storage entry = _entryOf(modelId, frame);
        terms = _terms(entry);
        FrameTimes memory times = _times(entry, modelId, frame);
        (terms.start, terms.end, terms.acceptUntil) = (times.start, times.end, times.acceptUntil);
    }

    /// @inheritdoc IPolicyBook
    function frameTimes(uint256 modelId, uint64 frame) external view returns (FrameTimes memory) {
        return _times(_entryOf(modelId, frame), modelId, frame);
    }

    /// @inheritdoc IPolicyBook
    function lastFrameDue(uint256 modelId) external view returns (uint64 frame) {
        Entry[] storage entries = _entries[modelId];
        uint64 next = type(uint64).max;
        for (uint256 i = entries.length; i > 0; --i) {
            Entry storage entry = entries[i - 1];
            uint256 firstDue = uint256(entry.base) + entry.step + entry.deadline;
            if (block.timestamp > firstDue) {
                frame = entry.firstFrame + uint64((block.timestamp - firstDue - 1) / entry.step);
                return frame < next ? frame : next - 1;
            }
            next = entry.firstFrame;
        }
    }

    /// @inheritdoc IPolicyBook
    function currentTerms(uint256 modelId) external view returns (Terms memory) {
        return _terms(_inForce(modelId, uint48(block.timestamp)));
    }

    /// @inheritdoc IPolicyBook
    function boundaryAtOrAfter(uint256 modelId, uint48 time) external view returns (uint48 base) {
        (, base) = _boundary(_inForce(modelId, time), time);
    }

    /// @notice Last frame that had ended at `time`, 0 if none.
    function lastFrameAt(uint256 modelId, uint48 time) external view returns (uint64) {
        Entry storage entry = _inForce(modelId, time);
        return entry.firstFrame - 1 + uint64((time - entry.base) / entry.step);
    }

    function _inForce(uint256 modelId, uint48 time) private view returns (Entry storage) {
        Entry[] storage entries = _entries[modelId];
        for (uint256 i = entries.length; i > 0; --i) {
            if (entries[i - 1].base <= time) return entries[i - 1];
        }
        revert PolicyMissing(modelId);
    }

    function _entryOf(uint256 modelId, uint64 frame) private view returns (Entry storage) {
        Entry[] storage entries = _entries[modelId];
        for (uint256 i = entries.length; i > 0; --i) {
            if (frame >= entries[i - 1].firstFrame) return entries[i - 1];
        }
        revert PolicyMissing(modelId);
    }

    function _times(Entry storage entry, uint256 modelId, uint64 frame) private view returns (FrameTimes memory) {
        // In full width: a frame number cut short would be a second name for another frame.
        uint256 end = entry.base + (uint256(frame) - entry.firstFrame + 1) * entry.step;
        require(end + entry.deadline <= type(uint48).max, PolicyFrameTooFar(modelId, frame));
        return FrameTimes({
            start: end > entry.length ? uint48(end - entry.length) : 0,
            end: uint48(end),
            sealFrom: uint48(end + entry.grace),
            acceptUntil: uint48(end + entry.deadline)
        });
    }

    /// @dev First frame of a new policy, and when that frame's step begins.
    function _beginning(Entry[] storage entries, PolicyInput calldata policy) private view returns (uint64, uint48) {
        uint48 now_ = uint48(block.timestamp);
        if (entries.length == 0) return (1, policy.start > now_ ? policy.start : now_);
        return _boundary(entries[entries.length - 1], now_ + policy.length - policy.step);
    }

    /// @dev First frame whose step begins at or after `time` under `entry`, and when it begins.
    function _boundary(Entry storage entry, uint48 time) private view returns (uint64 frame, uint48 begin) {
        uint48 steps = (time - entry.base + entry.step - 1) / entry.step;
        return (entry.firstFrame + uint64(steps), entry.base + steps * entry.step);
    }

    function _terms(Entry storage entry) private view returns (Terms memory) {
        return Terms({
            digest: PolicyCode.firstWord(entry.code),
            start: 0,
            end: 0,
            acceptUntil: 0,
            firstFrame: entry.firstFrame,
            suspension: entry.suspension,
            staleSuspends: entry.staleSuspends,
            k: entry.k,
            panelSize: entry.panelSize,
            ruleCount: entry.ruleCount,
            code: entry.code
        });
    }

    function _check(PolicyInput calldata policy) private view {
        uint256 rules = policy.rules.length;
        uint256 size = policy.panel.length;
        require(rules > 0 && rules <= _MAX_RULES, PolicyRuleCountInvalid(rules));
        require(
            size > 0 && size <= _MAX_PANEL && uint256(policy.k) * 2 > size && policy.k <= size,
            PolicyPanelInvalid(size, policy.k)
        );
        require(
            policy.step > 0 && policy.step <= policy.length && policy.grace < policy.deadline,
            PolicyTimesInvalid(policy.step, policy.length, policy.grace, policy.deadline)
        );
        for (uint256 i = 0; i < rules; ++i) {
            Rule calldata rule = policy.rules[i];
            require(
                bytes(rule.metric).length > 0 && rule.m > 0 && rule.m <= rule.w && rule.lo <= rule.limit
                    && rule.limit <= rule.hi && rule.lo != type(int64).min,
                PolicyRuleInvalid(i)
            );
        }
        for (uint256 i = 0; i < size; ++i) {
            require(monitors.isAdmitted(policy.panel[i]), PolicyMonitorInvalid(policy.panel[i]));
            for (uint256 j = 0; j < i; ++j) {
                require(policy.panel[j] != policy.panel[i], PolicyMonitorInvalid(policy.panel[i]));
            }
        }
    }
}
