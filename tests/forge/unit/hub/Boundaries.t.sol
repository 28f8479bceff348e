// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oversight} from "../../../../contracts/interfaces/IModelStatus.sol";
import {PolicyInput} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {Attestation, FrameRecord, Report} from "../../../../contracts/interfaces/IReportHub.sol";
import {ReportHub} from "../../../../contracts/oversight/ReportHub.sol";
import {Watch} from "../../../../contracts/oversight/hub/Watch.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice What comes right after a judgement, a dispute or a new version, and what must make no difference.
contract HubBoundariesTest is World {
    function test_submit__already_judged__isNotJudgedAgain() public {
        Report memory report = _ready(2);
        _submitBy(report, 0);
        _submitBy(report, 1);
        vm.recordLogs();
        _submitBy(report, 2);
        vm.assertEq(vm.getRecordedLogs().length, 1, "only that the signature counted");
    }

    function test_submit__already_disputed__isToldOnce() public {
        Report memory report = _ready(2);
        for (uint8 i = 0; i < 3; ++i) {
            _submitBy(_other(report, i), i);
        }
        vm.recordLogs();
        _submitBy(report, 0);
        vm.assertEq(vm.getRecordedLogs().length, 1, "only that the signature was skipped");
    }

    function test_submit__dissent_after_the_judgement__changesNothing() public {
        Report memory report = _ready(2);
        report.values = _hit(TRIP);
        _submitBy(report, 0);
        _submitBy(report, 1);
        _submitBy(_other(report, 1), 2);
        FrameRecord memory record = _record(2);
        vm.assertTrue(record.judged);
        vm.assertTrue(record.breached);
        vm.assertFalse(record.disputed);
        vm.assertEq(record.agreement, 2);
        vm.assertEq(record.reported, 7);
    }

    function test_submit__first_of_the_panel_dissents__countsForItsOwn() public {
        Report memory report = _ready(2);
        Report memory other = _other(report, 1);
        _submitBy(report, 1);
        _submitBy(other, 0);
        vm.assertEq(_record(2).agreement, 1);
        _submitBy(other, 2);
        vm.assertEq(_record(2).agreement, 2);
        vm.assertTrue(_record(2).judged);
    }

    function test_submit__monitors_agree__storesOneSlotAFrame() public {
        Report memory report = _ready(2);
        Attestation[] memory attestations = _signed(report, 1);
        vm.record();
        hub.submit(report, attestations);
        (, bytes32[] memory writes) = vm.accesses(address(hub));
        // Without the optimizer a slot is written field by field.
        for (uint256 i = 1; i < writes.length; ++i) {
            vm.assertEq(writes[i], writes[0]);
        }
        vm.assertTrue(writes.length > 0);
    }

    function test_pokeStale__marksTheFrameAsStaleAndNothingElse() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        hub.pokeStale(MODEL, 2);
        FrameRecord memory record = _record(2);
        vm.assertTrue(record.stale);
        vm.assertFalse(record.judged);
        vm.assertFalse(record.breached);
        vm.assertFalse(record.disputed);
    }

    function test_pokeStale__disputed_frame__staysDisputedToo() public {
        Report memory report = _ready(2);
        for (uint8 i = 0; i < 3; ++i) {
            _submitBy(_other(report, i), i);
        }
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        hub.pokeStale(MODEL, 2);
        vm.assertTrue(_record(2).stale);
        vm.assertTrue(_record(2).disputed);
        vm.assertEq(hub.STALE_WINDOW(), 7 days);
    }

    function test_dispute__of_one_model__isNotAnothers() public {
        uint256 other = _takeUp("other");
        Report memory report = _ready(2);
        for (uint8 i = 0; i < 3; ++i) {
            _submitBy(_other(report, i), i);
        }
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Disputed));
        vm.assertEq(uint256(hub.oversightOf(other)), uint256(Oversight.Healthy));
    }

    function test_version__took_force_at_the_frames_end__isNotTheFrames() public {
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        _evaluate(2);
        _activate(2);
        _judge(2, _healthy());
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        vm.assertEq(registry.activeVersion(MODEL), 2);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    function test_version__frames_of_a_second__eachHasTheOneInForceInIt() public {
        uint64 frame = _newVersionInFramesOfASecond();
        Report memory report = _report(MODEL, 2, frame, _healthy());
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportWrongManifest.selector, bytes32(0), bytes32(0)));
        hub.submit(report, new Attestation[](0));
        vm.warp(block.timestamp + 2);
        vm.expectEmit(address(hub));
        emit Watch.FrameStale(MODEL, frame - 1, 1, 1);
        hub.pokeStale(MODEL, frame - 1);
        vm.expectEmit(address(hub));
        emit Watch.FrameStale(MODEL, frame, 2, 1);
        hub.pokeStale(MODEL, frame);
    }

    function test_oversight__frames_of_a_second__looksAtTheVersionInForceInIt() public {
        uint64 frame = _newVersionInFramesOfASecond();
        _anchor(MODEL, 2, frame);
        _submit(_report(MODEL, 2, frame, _healthy()), 2);
        vm.warp(block.timestamp + 2);
        vm.assertEq(policies.lastFrameDue(MODEL), frame);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    /// @dev Returns the first frame of version 2, which ends now.
    function _newVersionInFramesOfASecond() private returns (uint64 frame) {
        PolicyInput memory policy = _policy();
        (policy.step, policy.length, policy.grace, policy.deadline) = (1, 1, 0, 1);
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
        vm.warp(_frameEnd(2) + 10);
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        _evaluate(2);
        _activate(2);
        vm.warp(block.timestamp + 1);
        return policies.lastFrameAt(MODEL, uint48(block.timestamp));
    }

    function _ready(uint64 frame) private returns (Report memory) {
        _anchor(MODEL, 1, frame);
        return _report(MODEL, 1, frame, _healthy());
    }

    function _other(Report memory report, uint8 number) private pure returns (Report memory other) {
        other = abi.decode(abi.encode(report), (Report));
        other.evidence = keccak256(abi.encode("other", number));
    }

    function _submitBy(Report memory report, uint8 monitor) private {
        Attestation[] memory attestations = new Attestation[](1);
        attestations[0] = _signedBy(report, monitor);
        hub.submit(report, attestations);
    }

    function _record(uint64 frame) private view returns (FrameRecord memory) {
        return hub.frameOf(MODEL, 1, frame, policies.termsOf(MODEL, frame).digest);
    }
}
