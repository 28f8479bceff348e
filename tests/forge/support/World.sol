// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Breach, Case, CaseKind} from "../../../contracts/interfaces/IKillSwitch.sol";
import {Op, PolicyInput, Rule, Severity} from "../../../contracts/interfaces/IPolicyBook.sol";
import {State} from "../../../contracts/interfaces/IModelStatus.sol";
import {Version} from "../../../contracts/interfaces/IModelRegistry.sol";
import {Attestation, Report} from "../../../contracts/interfaces/IReportHub.sol";
import {Call, SignedCall} from "../../../contracts/governance/HolderCalls.sol";
import {PauseGovernor} from "../../../contracts/governance/PauseGovernor.sol";
import {SignedBallot} from "../../../contracts/governance/SignedBallots.sol";
import {Deployment} from "./Deployment.sol";
import {Signing} from "./Signing.sol";
import {vm} from "./Vm.sol";

/**
 * @title World
 * @notice The deployed system with actors, and what they do most often. The tests' `setUp` brings model 1 into Active.
 * @dev Three monitors, two must agree. Five holders with 40, 25, 17, 10 and 8 percent of the votes. Rules in the order
 * TRIP, VOTE, WARN, BELOW. A twin of `tests/contracts/world.py`.
 */
abstract contract World is Deployment {
    bool public constant IS_TEST = true;

    uint48 internal constant GENESIS = 1_800_000_000;
    uint32 internal constant STEP = 1000;
    uint32 internal constant GRACE = 50;
    uint32 internal constant DEADLINE = 500;
    uint32 internal constant SUSPENSION = 3000;
    uint8 internal constant TRIP = 0;
    uint8 internal constant VOTE = 1;
    uint8 internal constant WARN = 2;
    uint8 internal constant BELOW = 3;
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;
    int64 internal constant NOT_AVAILABLE = type(int64).min;
    bytes32 internal constant EVALUATION_SET = keccak256("evaluation set");
    bytes32 internal constant ROOT = keccak256("root");
    uint64 internal constant ROWS = 500;
    uint256 internal constant MODEL = 1;

    address internal constant STEWARD = address(0x57E3A2D);
    address internal constant STRANGER = address(0x57A26E2);
    uint256[] internal monitorKeys;
    address[] internal monitors;
    uint256[] internal holderKeys;
    address[] internal holders;
    /// @dev Begin of frame 1.
    uint48 internal base;

    function setUp() public virtual {
        vm.warp(GENESIS);
        uint256[5] memory shares = [uint256(40), 25, 17, 10, 8];
        uint256[] memory amounts = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            holderKeys.push(uint256(keccak256(abi.encode("holder", i))));
            holders.push(vm.addr(holderKeys[i]));
            amounts[i] = shares[i] * 1 ether;
        }
        _deploy(holders, amounts);
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(holders[i]);
            token.delegate(holders[i]);
        }
        for (uint256 i = 0; i < 3; ++i) {
            monitorKeys.push(uint256(keccak256(abi.encode("monitor", i))));
            monitors.push(vm.addr(monitorKeys[i]));
            vm.prank(admin);
            monitorRegistry.admit(monitors[i], string.concat("monitor ", vm.toString(i)), "");
        }
        vm.startPrank(STEWARD);
        registry.registerModel("acs-employment");
        registry.registerVersion(MODEL, _version());
        vm.stopPrank();
        vm.prank(admin);
        policies.setPolicy(MODEL, _policy());
        base = GENESIS;
        vm.warp(base + STEP / 2);
        _evaluate(1);
        _activate(1);
        vm.warp(_frameEnd(1) + 1);
    }

    // ── What governance and steward state ───────────────────────────────────────────────────────────────────

    function _policy() internal view virtual returns (PolicyInput memory policy) {
        (policy.step, policy.length, policy.grace, policy.deadline) = (STEP, STEP, GRACE, DEADLINE);
        (policy.suspension, policy.k, policy.panel) = (SUSPENSION, 2, monitors);
        policy.rules = new Rule[](4);
        policy.rules[TRIP] = _rule("quality.invalid_rate", Severity.Trip, 20_000);
        policy.rules[VOTE] = _rule("fairness.equalized_odds", Severity.Vote, 100_000);
        policy.rules[WARN] = _rule("drift.effect", Severity.Warn, 100_000);
        policy.rules[BELOW] = _rule("performance.accuracy", Severity.Trip, 500_000);
        (policy.rules[BELOW].op, policy.rules[BELOW].lo) = (Op.Below, 0);
        (policy.rules[VOTE].naBudget, policy.rules[BELOW].naBudget) = (1, 2);
    }

    function _rule(string memory metric, Severity severity, int64 limit) internal pure returns (Rule memory rule) {
        (rule.metric, rule.severity, rule.limit) = (metric, severity, limit);
        (rule.m, rule.w, rule.lo, rule.hi) = (1, 1, -1_000_000, 1_000_000);
    }

    function _version() internal pure virtual returns (Version memory version) {
        (version.artifact, version.profile) = (keccak256("artifact"), keccak256("profile"));
        version.evaluationSet = EVALUATION_SET;
    }

    // ── Frames and reports ──────────────────────────────────────────────────────────────────────────────────

    /// @dev End of a frame under the first policy.
    function _frameEnd(uint64 frame) internal view returns (uint48) {
        return base + uint48(frame) * STEP;
    }

    function _healthy() internal pure returns (int64[] memory values) {
        values = new int64[](4);
        values[BELOW] = 900_000;
    }

    /// @dev Values that hit one rule and no other.
    function _hit(uint8 rule) internal pure returns (int64[] memory values) {
        values = _healthy();
        int64[4] memory bad = [int64(50_000), 200_000, 200_000, 400_000];
        values[rule] = bad[rule];
    }

    function _anchor(uint256 model, uint32 version, uint64 frame) internal {
        bytes32 manifest = keccak256(abi.encode("manifest", model, version, frame));
        uint48 sealFrom = policies.frameTimes(model, frame).sealFrom;
        if (block.timestamp < sealFrom) vm.warp(sealFrom);
        vm.prank(registry.stewardOf(model));
        log.anchor(model, version, frame, manifest, ROOT, ROWS);
    }

    /// @dev What honest monitors would sign; frame 0 is the evaluation.
    function _report(uint256 model, uint32 version, uint64 frame, int64[] memory values)
        internal
        view
        returns (Report memory)
    {
        return Report({
            modelId: model,
            version: version,
            frame: frame,
            policy: frame == 0 ? policies.currentTerms(model).digest : policies.termsOf(model, frame).digest,
            manifest: frame == 0 ? EVALUATION_SET : log.anchorOf(model, version, frame),
            evidence: keccak256(abi.encode("evidence", frame, values)),
            values: values
        });
    }

    /// @dev Attestations of the first `count` monitors.
    function _signed(Report memory report, uint256 count) internal view returns (Attestation[] memory attestations) {
        attestations = new Attestation[](count);
        for (uint8 i = 0; i < count; ++i) {
            attestations[i] = _signedBy(report, i);
        }
    }

    function _signedBy(Report memory report, uint8 index) internal view returns (Attestation memory) {
        bytes32 witness = keccak256(abi.encode("witness", index));
        bytes32 digest = Signing.attestation(address(hub), report, witness);
        return Attestation(index, witness, Signing.sign(monitorKeys[index], digest));
    }

    function _submit(Report memory report, uint256 count) internal {
        Attestation[] memory attestations = _signed(report, count);
        vm.prank(STRANGER);
        hub.submit(report, attestations);
    }

    /// @dev Lets a frame end, be anchored and be judged.
    function _judge(uint64 frame, int64[] memory values) internal {
        uint32 version = registry.versionAt(MODEL, _frameEnd(frame) - 1);
        if (block.timestamp < _frameEnd(frame)) vm.warp(_frameEnd(frame));
        _anchor(MODEL, version, frame);
        _submit(_report(MODEL, version, frame, values), 2);
    }

    /// @dev Lets a frame hit one rule, and returns the newest case.
    function _breach(uint8 rule, uint64 frame) internal returns (uint256) {
        _judge(frame, _hit(rule));
        return killSwitch.caseCount();
    }

    // ── Versions ────────────────────────────────────────────────────────────────────────────────────────────

    function _evaluate(uint32 version) internal {
        _submit(_report(MODEL, version, 0, _healthy()), 2);
    }

    function _activate(uint32 version) internal {
        vm.prank(STEWARD);
        registry.activate(MODEL, version);
    }

    /// @dev Registers and evaluates a further version, puts it in force and waits until it is.
    function _nextVersion() internal returns (uint32 version) {
        vm.prank(STEWARD);
        version = registry.registerVersion(MODEL, _version());
        _evaluate(version);
        _activate(version);
        vm.warp(policies.boundaryAtOrAfter(MODEL, uint48(block.timestamp)) + 1);
    }

    // ── Votes ───────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Opens a case's vote and lets its voting delay pass.
    function _open(uint256 caseId) internal returns (uint256 proposal) {
        vm.prank(STRANGER);
        proposal = governor.openCase(caseId);
        vm.warp(block.timestamp + DELAY + 1);
    }

    function _vote(uint256 proposal, uint8 holder, uint8 support) internal {
        vm.prank(holders[holder]);
        governor.castVote(proposal, support);
    }

    /// @dev Lets the two largest holders, 65 percent, vote alike.
    function _voteAlike(uint256 proposal, uint8 support) internal {
        _vote(proposal, 0, support);
        _vote(proposal, 1, support);
    }

    function _ballot(uint256 proposal, uint8 holder, uint8 support, string memory reason)
        internal
        view
        returns (SignedBallot memory)
    {
        bytes32 digest = Signing.ballot(address(governor), proposal, holders[holder], support, reason);
        return SignedBallot(holders[holder], support, reason, Signing.sign(holderKeys[holder], digest));
    }

    /// @dev A call of that kind on a model as it stands now.
    function _newCall(uint256 model, CaseKind kind) internal view returns (Call memory) {
        uint64 round = governor.roundOf(model, kind);
        uint32 version = registry.activeVersion(model);
        uint64 epoch = killSwitch.statusOf(model).epoch;
        uint48 deadline = uint48(block.timestamp) + 100;
        return Call(uint8(kind), model, version, epoch, round, keccak256("harm"), deadline);
    }

    /// @dev Signatures of holders, given as bits, in the order that the governor wants.
    function _signedCall(Call memory call_, uint8 who) internal view returns (SignedCall[] memory signatures) {
        bytes32 digest = Signing.call(address(governor), call_);
        uint256 count;
        for (uint256 i = 0; i < 5; ++i) {
            if (who & (1 << i) != 0) ++count;
        }
        signatures = new SignedCall[](count);
        address last;
        for (uint256 found = 0; found < count; ++found) {
            uint256 next = type(uint256).max;
            for (uint256 i = 0; i < 5; ++i) {
                if (who & (1 << i) == 0 || holders[i] <= last) continue;
                if (next == type(uint256).max || holders[i] < holders[next]) next = i;
            }
            last = holders[next];
            signatures[found] = SignedCall(last, Signing.sign(holderKeys[next], digest));
        }
    }

    function _endVote(uint256 proposal) internal {
        vm.warp(governor.proposalDeadline(proposal) + 1);
    }

    function _execute(uint256 caseId) internal {
        vm.prank(STRANGER);
        governor.executeCase(caseId);
    }

    /// @dev Brings the model into Paused by a breach and a vote.
    function _pause(uint64 frame) internal returns (uint256 caseId) {
        caseId = _breach(TRIP, frame);
        _voteAlike(_open(caseId), FOR);
        _execute(caseId);
    }

    /// @dev Lets the steward call for a resume, and waits for its vote.
    function _callResume(uint32 version) internal returns (uint256 caseId, uint256 proposal) {
        vm.prank(STEWARD);
        (caseId, proposal) = governor.callResume(MODEL, version, keccak256("conclusion"));
        vm.warp(block.timestamp + DELAY + 1);
    }

    /// @dev Brings the model from Paused back by a vote.
    function _resume() internal returns (uint256 caseId) {
        uint256 proposal;
        (caseId, proposal) = _callResume(registry.activeVersion(MODEL));
        _voteAlike(proposal, FOR);
        _endVote(proposal);
        _execute(caseId);
    }

    // ── Straight to the switch ──────────────────────────────────────────────────────────────────────────────

    /// @dev A breach as the hub would pass it on, of a rule that no test's policy has.
    function _madeBreach(uint256 suspension) internal pure returns (Breach memory breach) {
        (breach.kind, breach.modelId, breach.version) = (CaseKind.Breach, MODEL, 1);
        (breach.frame, breach.rule, breach.policy) = (1000, 20, keccak256("a policy"));
        (breach.evidence, breach.suspension) = (keccak256("evidence"), uint32(suspension));
    }

    /// @dev Registers a further model with the same policy, and puts its first version in force.
    function _takeUp(string memory name) internal returns (uint256 model) {
        vm.startPrank(STEWARD);
        model = registry.registerModel(name);
        registry.registerVersion(model, _version());
        vm.stopPrank();
        vm.prank(admin);
        policies.setPolicy(model, _policy());
        _submit(_report(model, 1, 0, _healthy()), 2);
        vm.prank(STEWARD);
        registry.activate(model, 1);
    }

    /// @dev From frame 3 on, reports count until long after the next frame has ended.
    function _allowLateReports() internal {
        PolicyInput memory policy = _policy();
        policy.deadline = 3 * STEP;
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
    }

    /// @dev Lets governance replace the governor by one like it; returns the old one.
    function _replaceGovernor() internal returns (PauseGovernor old) {
        old = governor;
        governor = new PauseGovernor(token, killSwitch, registry, admin, _lane());
        vm.startPrank(admin);
        access.revokeRole(PAUSE, address(old));
        access.grantRole(PAUSE, address(governor), 0);
        vm.stopPrank();
        governor.pushVoteSpan();
    }

    /// @dev The next call is made by `who` and must be refused for want of a role.
    function _unauthorized(address who) internal {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who));
    }

    // ── What one reads ──────────────────────────────────────────────────────────────────────────────────────

    function _state() internal view returns (State) {
        return killSwitch.statusOf(MODEL).state;
    }

    function _is(State expected) internal view {
        vm.assertEq(uint256(_state()), uint256(expected), "state");
    }

    function _case(uint256 caseId) internal view returns (Case memory) {
        return killSwitch.caseOf(caseId);
    }
}
